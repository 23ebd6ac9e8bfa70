#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/cell_writer.hpp"
#include "connectors/encoder.hpp"

namespace dart::connectors {

/// The rows of a text format in which cells stand one behind the other.
class DelimitedRow {
 public:
  explicit DelimitedRow(const plan::TableDefinition& table) : places_(chunk_columns(table)) {
    for (const plan::TableColumn& column : table.columns) writers_.push_back(cell_writer(column.type));
  }

  /// Appends a row with its line break; `finish(start)` may change a value that begins at `start`. Returns
  /// where the gap for the delay is, npos without one (Encoder::row).
  template <class Finish>
  std::size_t write(const columnar::Chunk& chunk, std::size_t row, char op, std::string_view between,
                    std::string_view null_text, std::string& out, const Finish& finish) const {
    std::size_t gap = std::string::npos;
    for (std::size_t c = 0; c < places_.size(); ++c) {
      if (c > 0) out.append(between);
      if (places_[c] == kDelayPlace) {
        gap = out.size();
        out.append(kDelayGap);
      } else if (places_[c] == kOpPlace) {
        out.push_back(op);
      } else if (const columnar::Vector& vector = chunk.columns[places_[c]]; vector.is_null(row)) {
        out.append(null_text);
      } else {
        const std::size_t start = out.size();
        writers_[c](vector, row, out);
        finish(start);
      }
    }
    out.push_back('\n');
    return gap;
  }

 private:
  std::vector<std::size_t> places_;  // of the table's columns in a chunk
  std::vector<CellWriter> writers_;
};

}  // namespace dart::connectors
