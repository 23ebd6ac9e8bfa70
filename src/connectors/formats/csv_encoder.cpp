#include "connectors/formats/csv_encoder.hpp"

#include <algorithm>
#include <string_view>

namespace dart::connectors {

CsvEncoder::CsvEncoder(const plan::TableDefinition& table, const CsvDialect& dialect)
    : table_(table), dialect_(dialect), row_(table) {}

void CsvEncoder::begin(std::string& out) {
  if (!dialect_.header) return;
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    if (c > 0) out.push_back(dialect_.delimiter);
    const std::size_t start = out.size();
    out.append(table_.columns[c].name);
    quote_if_needed(start, out);
  }
  out.push_back('\n');
}

std::size_t CsvEncoder::row(const columnar::Chunk& chunk, std::size_t row, char op, std::string& out) {
  return row_.write(chunk, row, op, {&dialect_.delimiter, 1}, dialect_.null_text, out,
                    [&](std::size_t start) { quote_if_needed(start, out); });
}

void CsvEncoder::quote_if_needed(std::size_t start, std::string& out) const {
  const std::string_view cell = std::string_view(out).substr(start);
  const auto special = [this](char c) {
    return c == dialect_.delimiter || c == dialect_.quote || c == '\n' || c == '\r';
  };
  if (cell != dialect_.null_text && std::none_of(cell.begin(), cell.end(), special)) return;
  std::string quoted(1, dialect_.quote);
  for (const char c : cell) {
    if (c == dialect_.quote || c == dialect_.escape) quoted.push_back(dialect_.escape);
    quoted.push_back(c);
  }
  quoted.push_back(dialect_.quote);
  out.replace(start, std::string::npos, quoted);
}

}  // namespace dart::connectors
