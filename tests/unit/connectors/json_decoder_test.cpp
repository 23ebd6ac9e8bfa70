#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "piecewise_bytes.hpp"

namespace dart::connectors {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using testing::all_columns;
using testing::Cut;
using testing::read_all;
using testing::ReadAll;
using testing::TableBuilder;
using testing::type_of;

TableBuilder json_table(std::vector<std::pair<std::string, LogicalType>> columns) {
  TableBuilder builder(std::move(columns));
  builder.table.format = "json";
  return builder;
}

ReadAll read_one(LogicalType type, const std::string& value) {
  const TableBuilder builder = json_table({{"a", type}});
  return read_all(builder.table, {0}, "{\"a\": " + value + " }\n");
}

TEST(JsonDecoder, ReadsEveryType) {
  const TableBuilder builder = json_table({{"b", type_of(TypeId::Bool)},
                                           {"i", type_of(TypeId::Int)},
                                           {"l", type_of(TypeId::BigInt)},
                                           {"d", type_of(TypeId::Double)},
                                           {"n", LogicalType::numeric(9, 2)},
                                           {"w", LogicalType::numeric(38, 10)},
                                           {"s", type_of(TypeId::Text)},
                                           {"t", type_of(TypeId::Timestamp)},
                                           {"v", type_of(TypeId::Interval)},
                                           {"j", type_of(TypeId::Jsonb)}});
  const ReadAll all = read_all(builder.table, all_columns(builder.table),
                               "{\"b\":true,\"i\":-7,\"l\":9223372036854775807,\"d\":1.5e3,\"n\":0.105,\"w\":"
                               "1234567890123456789012345678.0123456789,"
                               "\"s\":\"a\\u00e4\\n\\\"\",\"t\":\"2013-01-01T00:02:03\",\"v\":\"1 "
                               "day\",\"j\":{\"x\" : [1, {\"y\":\"}\\\"\"}]}}\r\n"
                               "\n"
                               "{\"j\":\"text\",\"other\":{\"a\":[1,2]},\"w\":\"1.5\",\"n\":\"2\"}\n"
                               "{}");
  EXPECT_EQ(all.errors, "");
  EXPECT_EQ(all.rows,
            "1:t|-7|9223372036854775807|1500|0.11|1234567890123456789012345678.0123456789|<a\xc3\xa4\n\">|"
            "2013-01-01 00:02:03|1 day|<{\"x\": [1, {\"y\": \"}\\\"\"}]}>\n"
            "2:~|~|~|~|2.00|1.5000000000|~|~|~|<\"text\">\n"
            "3:~|~|~|~|~|~|~|~|~|~\n");
}

TEST(JsonDecoder, ValuesThatDoNotFitAreRowErrors) {
  EXPECT_EQ(read_one(type_of(TypeId::Int), "1.5").errors, "invalid input syntax for type integer=1\n");
  EXPECT_EQ(read_one(type_of(TypeId::Int), "3000000000").errors,
            "value is out of range for type integer=1\n");
  EXPECT_EQ(read_one(type_of(TypeId::Int), "true").errors, "JSON boolean for type integer=1\n");
  EXPECT_EQ(read_one(type_of(TypeId::Bool), "1").errors, "JSON number for type boolean=1\n");
  EXPECT_EQ(read_one(type_of(TypeId::Text), "[1]").errors, "JSON array for type text=1\n");
  EXPECT_EQ(read_one(type_of(TypeId::Timestamp), "5").errors, "JSON number for type timestamp=1\n");
  EXPECT_EQ(read_one(type_of(TypeId::Timestamp), "\"soon\"").errors,
            "invalid input syntax for type timestamp=1\n");
  EXPECT_EQ(read_one(LogicalType::numeric(3, 1), "100").errors, "numeric field overflow=1\n");
  EXPECT_EQ(read_one(type_of(TypeId::Text), "null").rows, "1:~\n");
  EXPECT_EQ(read_one(type_of(TypeId::Double), "\"NaN\"").rows, "1:NaN\n");
}

TEST(JsonDecoder, BrokenLinesAreCountedAndTheNextOneIsRead) {
  const TableBuilder builder = json_table({{"a", type_of(TypeId::BigInt)}});
  for (const std::string line :
       {"{", "{\"a\":}", "{\"a\":1", "{\"a\":1}}", "{\"a\":1} x", "{\"a\" 1}", "{\"a\":1,}", "{a:1}",
        "{\"a\":01}", "{\"a\":1x}", "{\"a\":nul}", "{\"a\":\"\xff\"}"}) {
    const ReadAll all = read_all(builder.table, {0}, line + "\n{\"a\":2}\n");
    EXPECT_EQ(all.rows, "2:2\n") << line;
    EXPECT_EQ(all.errors, "invalid JSON=1\n") << line;
  }
  EXPECT_EQ(read_all(builder.table, {0}, "[1]\n\"x\"\n7\nnope\n").errors, "not a JSON object=4\n");
}

TEST(JsonDecoder, OfAFieldThatComesTwiceTheLastCounts) {
  const TableBuilder builder = json_table({{"a", type_of(TypeId::BigInt)}});
  EXPECT_EQ(read_all(builder.table, {0}, "{\"a\":1,\"a\":2}\n{\"a\":1,\"a\":null}\n{\"\\u0061\":3}\n").rows,
            "1:2\n2:~\n3:3\n");
}

TEST(JsonDecoder, ALineThatIsTooLongIsOneRowError) {
  const TableBuilder builder = json_table({{"a", type_of(TypeId::BigInt)}});
  const std::string input = "{\"a\":1}\n{\"b\":\"" + std::string(limits::kRecordBytes * 3, 'x') +
                            "\"}\n{\"a\":3}\n" + std::string(limits::kRecordBytes + 1, 'y');
  for (const Cut& cut : {Cut{}, Cut{100'000}, Cut{999'999, 0, 1}, Cut{SIZE_MAX, 0, 3, 8'000'000}}) {
    const ReadAll all = read_all(builder.table, {0}, input, cut);
    EXPECT_EQ(all.rows, "1:1\n3:3\n");
    EXPECT_EQ(all.errors, "record longer than 1048576 bytes=2\n");
  }
}

TEST(JsonDecoder, IsReadAlikeAtEveryCut) {
  const TableBuilder builder = json_table({{"a", type_of(TypeId::BigInt)}, {"s", type_of(TypeId::Text)}});
  const std::string input =
      "{\"a\":1,\"s\":\"a text of more than twelve letters\"}\n\r\n{\"a\":}\n{\"s\":\"x\\ny\"}\n  "
      "\n{\"a\":4}";
  const ReadAll whole = read_all(builder.table, {0, 1}, input);
  EXPECT_EQ(whole.rows, "1:1|<a text of more than twelve letters>\n3:~|<x\ny>\n4:4|~\n");
  for (std::size_t first = 1; first < input.size(); ++first) {
    const ReadAll cut = read_all(builder.table, {0, 1}, input, {7, first, 1 + first % 3, 64});
    ASSERT_EQ(cut.rows, whole.rows) << first;
    ASSERT_EQ(cut.errors, whole.errors) << first;
  }
}

}  // namespace
}  // namespace dart::connectors
