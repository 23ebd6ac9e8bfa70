#include "connectors/cell_writer.hpp"

#include "columnar/text_form.hpp"

namespace dart::connectors {

namespace {

using columnar::Vector;

template <void (*kAppend)(std::int64_t, std::string&)>
void write_int64(const Vector& vector, std::size_t row, std::string& out) {
  kAppend(vector.at<std::int64_t>(row), out);
}

}  // namespace

CellWriter cell_writer(columnar::LogicalType type) {
  using columnar::TypeId;
  switch (type.id) {
    case TypeId::Bool:
      return [](const Vector& v, std::size_t row, std::string& out) {
        out.push_back(v.at<std::uint8_t>(row) != 0 ? 't' : 'f');
      };
    case TypeId::Int:
    case TypeId::BigInt:
      return write_int64<columnar::append_integer>;
    case TypeId::Double:
      return [](const Vector& v, std::size_t row, std::string& out) {
        columnar::append_double(v.at<double>(row), out);
      };
    case TypeId::Numeric:
      if (type.physical() == columnar::PhysicalType::Int64) {
        return [](const Vector& v, std::size_t row, std::string& out) {
          columnar::append_decimal(v.at<std::int64_t>(row), v.type().scale, out);
        };
      }
      return [](const Vector& v, std::size_t row, std::string& out) {
        columnar::append_decimal(v.at<int128>(row), v.type().scale, out);
      };
    case TypeId::Timestamp:
      return write_int64<columnar::append_timestamp>;
    case TypeId::TimestampTz:
      return write_int64<columnar::append_timestamptz>;
    case TypeId::Interval:
      return write_int64<columnar::append_interval>;
    case TypeId::Null:
    case TypeId::Text:
    case TypeId::Jsonb:
      break;
  }
  return [](const Vector& v, std::size_t row, std::string& out) {
    out.append(v.at<columnar::StringRef>(row).view());
  };
}

}  // namespace dart::connectors
