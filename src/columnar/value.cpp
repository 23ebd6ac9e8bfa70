#include "columnar/value.hpp"

#include <cmath>

#include "columnar/text_form.hpp"

namespace dart::columnar {

Value Value::numeric(int precision, int scale, int128 unscaled) {
  const LogicalType type = LogicalType::numeric(precision, scale);
  if (type.physical() == PhysicalType::Int64) return Value(type, static_cast<std::int64_t>(unscaled));
  return Value(type, unscaled);
}

std::string Value::to_string(std::string_view null_text) const {
  if (is_null()) return std::string(null_text);
  std::string out;
  visit_value_text(*this, out);
  return out;
}

std::strong_ordering compare(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() <=> b.is_null();
  if (const auto* x = std::get_if<double>(&a.payload_)) {
    const double y = b.real();
    if (std::isnan(*x) || std::isnan(y)) return std::isnan(*x) <=> std::isnan(y);
    return *x < y ? std::strong_ordering::less
                  : (*x > y ? std::strong_ordering::greater : std::strong_ordering::equal);
  }
  if (const auto* x = std::get_if<std::string>(&a.payload_)) return *x <=> b.text();
  if (const auto* x = std::get_if<int128>(&a.payload_)) {
    const int128 y = b.get<int128>();
    return *x < y ? std::strong_ordering::less
                  : (*x > y ? std::strong_ordering::greater : std::strong_ordering::equal);
  }
  return a.bigint() <=> b.bigint();
}

bool operator==(const Value& a, const Value& b) { return a.type_ == b.type_ && compare(a, b) == 0; }

}  // namespace dart::columnar
