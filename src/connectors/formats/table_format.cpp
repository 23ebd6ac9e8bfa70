#include "connectors/formats/table_format.hpp"

#include <string>
#include <utility>
#include <vector>

#include "connectors/formats/delimited_row.hpp"
#include "connectors/option_reader.hpp"

namespace dart::connectors {

namespace {

constexpr std::string_view kBetween = " | ";

class TableEncoder : public Encoder {
 public:
  TableEncoder(const plan::TableDefinition& table, std::string null_text)
      : table_(table), null_text_(std::move(null_text)), row_(table) {}

  void begin(std::string& out) override {
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      if (c > 0) out.append(kBetween);
      out.append(table_.columns[c].name);
    }
    out.push_back('\n');
  }

  std::size_t row(const columnar::Chunk& chunk, std::size_t row, char op, std::string& out) override {
    return row_.write(chunk, row, op, kBetween, null_text_, out, [](std::size_t) {});
  }

 private:
  const plan::TableDefinition& table_;
  std::string null_text_;
  DelimitedRow row_;
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
