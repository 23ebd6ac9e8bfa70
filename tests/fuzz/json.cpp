// JSON lines: no bytes crash the decoder, and where the input is cut changes nothing. The first bytes choose
// the cuts.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "unit/connectors/piecewise_bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using dart::columnar::LogicalType;
  using dart::columnar::TypeId;
  namespace testing = dart::connectors::testing;
  constexpr std::size_t kHead = 2;
  if (size < kHead) return 0;
  testing::TableBuilder builder({{"a", testing::type_of(TypeId::Text)},
                                 {"b", testing::type_of(TypeId::BigInt)},
                                 {"c", LogicalType::numeric(9, 2)},
                                 {"d", testing::type_of(TypeId::Timestamp)},
                                 {"e", testing::type_of(TypeId::Double)},
                                 {"f", testing::type_of(TypeId::Bool)},
                                 {"g", testing::type_of(TypeId::Jsonb)}});
  builder.table.format = "json";
  const std::string input(reinterpret_cast<const char*>(data + kHead), size - kHead);
  const auto columns = testing::all_columns(builder.table);
  const auto whole = testing::read_all(builder.table, columns, input, {SIZE_MAX, 0, 64, 4096});
  const testing::Cut cut{1U + data[0], data[1], 1U + data[0] % 5U, 32U + data[1]};
  const auto pieces = testing::read_all(builder.table, columns, input, cut);
  DART_CHECK(whole.rows == pieces.rows);
  DART_CHECK(whole.errors == pieces.errors);
  DART_CHECK(whole.last_seq == pieces.last_seq);
  return 0;
}
