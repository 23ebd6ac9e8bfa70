// CSV: no bytes crash the decoder, and where the input is cut changes nothing. The first bytes choose the
// dialect and the cuts.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "unit/connectors/piecewise_bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using dart::columnar::LogicalType;
  using dart::columnar::TypeId;
  namespace testing = dart::connectors::testing;
  constexpr std::size_t kHead = 4;
  if (size < kHead) return 0;
  testing::TableBuilder builder({{"text", testing::type_of(TypeId::Text)},
                                 {"int", testing::type_of(TypeId::Int)},
                                 {"short", LogicalType::numeric(9, 2)},
                                 {"time", testing::type_of(TypeId::Timestamp)},
                                 {"long", LogicalType::numeric(30, 3)},
                                 {"json", testing::type_of(TypeId::Jsonb)}});
  builder.table.columns.resize(1 + data[0] % builder.table.columns.size());
  if ((data[1] & 1U) != 0) builder.option("escape", "\\");
  if ((data[1] & 2U) != 0) builder.option("null", "NULL");
  if ((data[1] & 4U) != 0) builder.option("header", "true");
  if ((data[1] & 8U) != 0) builder.option("delimiter", ";");
  const std::string input(reinterpret_cast<const char*>(data + kHead), size - kHead);
  const auto columns = testing::all_columns(builder.table);
  const auto whole = testing::read_all(builder.table, columns, input, {SIZE_MAX, 0, 64, 4096});
  const testing::Cut cut{1U + data[2], data[3], 1U + data[2] % 5U, 32U + data[3]};
  const auto pieces = testing::read_all(builder.table, columns, input, cut);
  DART_CHECK(whole.rows == pieces.rows);
  DART_CHECK(whole.errors == pieces.errors);
  DART_CHECK(whole.last_seq == pieces.last_seq);
  return 0;
}
