#include "connectors/formats/json_encoder.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace dart::connectors {

using columnar::TypeId;

void append_json_string(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

JsonEncoder::JsonEncoder(const plan::TableDefinition& table) {
  const std::vector<std::size_t> places = chunk_columns(table);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::string prefix(1, c == 0 ? '{' : ',');
    append_json_string(table.columns[c].name, prefix);
    prefix.push_back(':');
    columns_.push_back(
        {std::move(prefix), places[c], table.columns[c].type, cell_writer(table.columns[c].type)});
  }
}

std::size_t JsonEncoder::row(const columnar::Chunk& chunk, std::size_t row, char op, std::string& out) {
  std::size_t gap = std::string::npos;
  for (const Column& column : columns_) {
    out.append(column.prefix);
    if (column.place == kDelayPlace) {
      gap = out.size() + 1;
      out.append("\"").append(kDelayGap).append("\"");
      continue;
    }
    if (column.place == kOpPlace) {
      out.append(op == '+' ? "\"+\"" : "\"-\"");
      continue;
    }
    const columnar::Vector& vector = chunk.columns[column.place];
    if (vector.is_null(row)) {
      out.append("null");
      continue;
    }
    const TypeId id = column.type.id;
    if (id == TypeId::Bool) {
      out.append(vector.at<std::uint8_t>(row) != 0 ? "true" : "false");
    } else if (id == TypeId::Text || id == TypeId::Null) {
      append_json_string(vector.at<columnar::StringRef>(row).view(), out);
    } else {
      const bool bare = column.type.is_integer() || id == TypeId::Numeric || id == TypeId::Jsonb ||
                        (id == TypeId::Double && std::isfinite(vector.at<double>(row)));
      if (!bare) out.push_back('"');
      column.write(vector, row, out);
      if (!bare) out.push_back('"');
    }
  }
  out.append(columns_.empty() ? "{}\n" : "}\n");
  return gap;
}

}  // namespace dart::connectors
