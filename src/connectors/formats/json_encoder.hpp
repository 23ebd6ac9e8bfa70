#pragma once

#include <string>
#include <vector>

#include "connectors/cell_writer.hpp"
#include "connectors/encoder.hpp"

namespace dart::connectors {

/// JSON lines: one object a row, a field a column, null for NULL. Numbers keep all their digits; timestamps
/// and intervals are strings in PostgreSQL's form, as are NaN and the infinities; jsonb stands as it is.
class JsonEncoder : public Encoder {
 public:
  explicit JsonEncoder(const plan::TableDefinition& table);

  void begin(std::string& /*out*/) override {}
  [[nodiscard]] std::size_t row(const columnar::Chunk& chunk, std::size_t row, char op,
                                std::string& out) override;

 private:
  struct Column {
    std::string prefix;  ///< `{"name":` or `,"name":`
    std::size_t place;
    columnar::LogicalType type;
    CellWriter write;
  };
  std::vector<Column> columns_;
};

/// Appends the text as a JSON string, quotes included.
void append_json_string(std::string_view text, std::string& out);

}  // namespace dart::connectors
