#include "support/row_bag.hpp"

#include <algorithm>
#include <cmath>

namespace dart::support {

using columnar::TypeId;
using columnar::Value;

namespace {

long double as_real(const Value& value) {
  if (value.type().id == TypeId::Double) return value.real();
  const long double unscaled = value.type().physical() == columnar::PhysicalType::Int128
                                   ? static_cast<long double>(value.get<int128>())
                                   : static_cast<long double>(value.get<std::int64_t>());
  return unscaled / std::pow(10.0L, value.type().scale);
}

bool within(long double a, long double b, long double relative) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::fabs(a - b) <= relative * std::max({std::fabs(a), std::fabs(b), 1.0L});
}

}  // namespace

bool CellsLess::operator()(const Cells& a, const Cells& b) const {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](const Value& x, const Value& y) { return compare(x, y) < 0; });
}

bool nearly_equal(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.type().id != b.type().id) return false;
  if (a.type().id == TypeId::Double) return within(a.real(), b.real(), 1e-9L);
  if (a.type() != b.type()) return false;
  if (a.type().id == TypeId::Numeric && a.type().scale >= columnar::kDefaultScale) {
    return within(as_real(a), as_real(b), 1e-12L);
  }
  return compare(a, b) == 0;
}

bool nearly_equal(const Cells& a, const Cells& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Value& x, const Value& y) { return nearly_equal(x, y); });
}

bool same_bag(const std::vector<Cells>& a, const std::vector<Cells>& b) {
  if (a.size() != b.size()) return false;
  std::vector<Cells> left = a;
  std::vector<Cells> right = b;
  std::sort(left.begin(), left.end(), CellsLess{});
  std::sort(right.begin(), right.end(), CellsLess{});
  const auto same_row = [](const Cells& x, const Cells& y) { return nearly_equal(x, y); };
  if (std::equal(left.begin(), left.end(), right.begin(), same_row)) return true;
  // Doubles that differ in their last digits may sort differently: match row by row.
  for (const Cells& row : left) {
    const auto found =
        std::find_if(right.begin(), right.end(), [&](const Cells& r) { return nearly_equal(row, r); });
    if (found == right.end()) return false;
    right.erase(found);
  }
  return true;
}

std::string to_string(const Cells& row) {
  std::string text = "(";
  for (const Value& value : row) {
    if (text.size() > 1) text += ", ";
    text += value.to_string();
  }
  return text + ")";
}

std::string to_string(const std::vector<Cells>& rows) {
  std::vector<Cells> sorted = rows;
  std::sort(sorted.begin(), sorted.end(), CellsLess{});
  std::string text;
  for (const Cells& row : sorted) text += "  " + to_string(row) + "\n";
  return text;
}

std::string difference(const std::vector<Cells>& expected, const std::vector<Cells>& got) {
  constexpr std::size_t kShown = 12;
  std::vector<Cells> unexpected = got;
  std::string text;
  std::size_t shown = 0;
  for (const Cells& row : expected) {
    const auto found = std::find_if(unexpected.begin(), unexpected.end(),
                                    [&](const Cells& other) { return nearly_equal(row, other); });
    if (found != unexpected.end()) {
      unexpected.erase(found);
    } else if (shown++ < kShown) {
      text += "  missing    " + to_string(row) + "\n";
    }
  }
  for (std::size_t i = 0; i < std::min(unexpected.size(), kShown); ++i) {
    text += "  unexpected " + to_string(unexpected[i]) + "\n";
  }
  return text;
}

}  // namespace dart::support
