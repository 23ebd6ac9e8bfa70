#include "connectors/formats/csv_encoder.hpp"

#include <algorithm>
#include <string_view>

namespace dart::connectors {

CsvEncoder::CsvEncoder(const plan::TableDefinition& table, const CsvDialect& dialect)
    : table_(table), dialect_(dialect), places_(chunk_columns(table)) {
  for (const plan::TableColumn& column : table.columns) writers_.push_back(cell_writer(column.type));
}

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
  std::size_t gap = std::string::npos;
  for (std::size_t c = 0; c < places_.size(); ++c) {
    if (c > 0) out.push_back(dialect_.delimiter);
    if (places_[c] == kDelayPlace) {
      gap = out.size();
      out.append(kDelayGap);
    } else if (places_[c] == kOpPlace) {
      out.push_back(op);
    } else if (const columnar::Vector& vector = chunk.columns[places_[c]]; vector.is_null(row)) {
      out.append(dialect_.null_text);
    } else {
      const std::size_t start = out.size();
      writers_[c](vector, row, out);
      quote_if_needed(start, out);
    }
  }
  out.push_back('\n');
  return gap;
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
