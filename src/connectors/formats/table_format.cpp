#include "connectors/formats/table_format.hpp"

#include <string>
#include <utility>
#include <vector>

#include "connectors/cell_writer.hpp"
#include "connectors/option_reader.hpp"

namespace dart::connectors {

namespace {

constexpr std::string_view kBetween = " | ";

class TableEncoder : public Encoder {
 public:
  TableEncoder(const plan::TableDefinition& table, std::string null_text)
      : table_(table), null_text_(std::move(null_text)), places_(chunk_columns(table)) {
    for (const plan::TableColumn& column : table.columns) writers_.push_back(cell_writer(column.type));
  }

  void begin(std::string& out) override {
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      if (c > 0) out.append(kBetween);
      out.append(table_.columns[c].name);
    }
    out.push_back('\n');
  }

  std::size_t row(const columnar::Chunk& chunk, std::size_t row, char op, std::string& out) override {
    std::size_t gap = std::string::npos;
    for (std::size_t c = 0; c < places_.size(); ++c) {
      if (c > 0) out.append(kBetween);
      if (places_[c] == kDelayPlace) {
        gap = out.size();
        out.append(kDelayGap);
      } else if (places_[c] == kOpPlace) {
        out.push_back(op);
      } else if (const columnar::Vector& vector = chunk.columns[places_[c]]; vector.is_null(row)) {
        out.append(null_text_);
      } else {
        writers_[c](vector, row, out);
      }
    }
    out.push_back('\n');
    return gap;
  }

 private:
  const plan::TableDefinition& table_;
  std::string null_text_;
  std::vector<std::size_t> places_;
  std::vector<CellWriter> writers_;
};

}  // namespace

FormatEntry table_format() {
  FormatEntry entry;
  entry.spec.name = "table";
  entry.spec.writes = true;
  entry.spec.options = {
      {"null", columnar::TypeId::Text, false, {}, "the text that stands for NULL (default NULL)"},
  };
  entry.make_encoder = [](const plan::TableDefinition& table) -> Result<std::unique_ptr<Encoder>> {
    return std::make_unique<TableEncoder>(table, OptionReader(table).text("null").value_or("NULL"));
  };
  return entry;
}

}  // namespace dart::connectors
