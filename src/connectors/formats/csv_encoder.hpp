#pragma once

#include <string>
#include <vector>

#include "connectors/encoder.hpp"
#include "connectors/formats/csv_dialect.hpp"
#include "connectors/formats/delimited_row.hpp"

namespace dart::connectors {

/// CSV as PostgreSQL's COPY writes it: quotes only where a reader would misread the bare text.
class CsvEncoder : public Encoder {
 public:
  CsvEncoder(const plan::TableDefinition& table, const CsvDialect& dialect);

  void begin(std::string& out) override;
  [[nodiscard]] std::size_t row(const columnar::Chunk& chunk, std::size_t row, char op,
                                std::string& out) override;

 private:
  /// Puts quotes around the cell that begins at `start`, if it needs them.
  void quote_if_needed(std::size_t start, std::string& out) const;

  const plan::TableDefinition& table_;
  CsvDialect dialect_;
  DelimitedRow row_;
};

}  // namespace dart::connectors
