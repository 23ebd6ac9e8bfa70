#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "piecewise_bytes.hpp"

namespace dart::connectors {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using testing::all_columns;
using testing::Cut;
using testing::read_all;
using testing::ReadAll;
using testing::TableBuilder;
using testing::type_of;

TableBuilder text_table(int columns = 2) {
  std::vector<std::pair<std::string, LogicalType>> all;
  for (int c = 0; c < columns; ++c)
    all.emplace_back(std::string(1, static_cast<char>('a' + c)), type_of(TypeId::Text));
  return TableBuilder(std::move(all));
}

struct DialectCase {
  std::string name;
  std::vector<std::pair<std::string, Value>> options;
  std::string input;
  std::string rows;
  std::string errors;
};

class CsvDialectTest : public ::testing::TestWithParam<DialectCase> {};

TEST_P(CsvDialectTest, ReadsAsPostgresqlDoesAtEveryCut) {
  TableBuilder builder = text_table();
  for (const auto& [name, value] : GetParam().options) builder.option(name, value);
  const auto columns = all_columns(builder.table);
  const std::string& input = GetParam().input;
  for (std::size_t first = 0; first <= input.size(); ++first) {
    for (const std::size_t chunk_rows : {std::size_t{1}, std::size_t{3}, std::size_t{2048}}) {
      const ReadAll all = read_all(builder.table, columns, input, {SIZE_MAX, first, chunk_rows});
      ASSERT_EQ(all.rows, GetParam().rows) << "first piece of " << first << " bytes";
      ASSERT_EQ(all.errors, GetParam().errors) << "first piece of " << first << " bytes";
    }
  }
  const ReadAll bytewise = read_all(builder.table, columns, input, {1, 1, 2048, 32});
  EXPECT_EQ(bytewise.rows, GetParam().rows);
  EXPECT_EQ(bytewise.errors, GetParam().errors);
}

const std::string kLong(40, 'x');

INSTANTIATE_TEST_SUITE_P(
    All, CsvDialectTest,
    ::testing::Values(
        DialectCase{"plain", {}, "a,b\nc,d\n", "1:<a>|<b>\n2:<c>|<d>\n", ""},
        DialectCase{"no_newline_at_the_end", {}, "a,b\nc,d", "1:<a>|<b>\n2:<c>|<d>\n", ""},
        DialectCase{"nothing", {}, "", "", ""},
        DialectCase{"empty_is_null_and_quoted_empty_is_not", {}, ",\"\"\n\"\",\n", "1:~|<>\n2:<>|~\n", ""},
        DialectCase{"crlf", {}, "a,b\r\nc,\r\nd,\"e\"\r\n", "1:<a>|<b>\n2:<c>|~\n3:<d>|<e>\n", ""},
        DialectCase{"quotes",
                    {},
                    "\"a,1\",\"b\n2\"\n\"say \"\"hi\"\"\",x\n",
                    "1:<a,1>|<b\n2>\n2:<say \"hi\">|<x>\n",
                    ""},
        DialectCase{"quotes_inside_a_field", {}, "a\"b,c\"d,\"e\"f\n", "1:<ab,cd>|<ef>\n", ""},
        DialectCase{"long_texts",
                    {},
                    kLong + ",\"" + kLong + "\"\n\"" + kLong + "\"\"\",y\n",
                    "1:<" + kLong + ">|<" + kLong + ">\n2:<" + kLong + "\">|<y>\n",
                    ""},
        DialectCase{"field_count",
                    {},
                    "a,b\nc\nd,e,f\n\ng,h\n",
                    "1:<a>|<b>\n5:<g>|<h>\n",
                    "expected 2 fields, got 1=2\nexpected 2 fields, got 3=1\n"},
        DialectCase{
            "unterminated", {}, "a,b\n\"c,d\ne,f\n", "1:<a>|<b>\n", "unterminated CSV quoted field=1\n"},
        DialectCase{"header", {{"header", Value::boolean(true)}}, "\"x\n1\",y\na,b\n", "1:<a>|<b>\n", ""},
        DialectCase{"null_text",
                    {{"null", Value::text("NULL")}},
                    "NULL,\n\"NULL\",b\n",
                    "1:~|<>\n2:<NULL>|<b>\n",
                    ""},
        DialectCase{"delimiter", {{"delimiter", Value::text(";")}}, "a,1;b\n", "1:<a,1>|<b>\n", ""},
        DialectCase{"tab", {{"delimiter", Value::text("\t")}}, "a\tb\n", "1:<a>|<b>\n", ""},
        DialectCase{"quote", {{"quote", Value::text("'")}}, "'a,''1''',\"b\"\n", "1:<a,'1'>|<\"b\">\n", ""},
        DialectCase{"escape",
                    {{"escape", Value::text("\\")}},
                    "\"a\\\"1\\\\,\\n\",b\n\"\"\"\",c\n",
                    "1:<a\"1\\,\\n>|<b>\n2:<>|<c>\n",
                    ""},
        DialectCase{"utf8",
                    {},
                    "\xc3\xa4,b\n\xff,c\nd,\xc3\n",
                    "1:<\xc3\xa4>|<b>\n",
                    "invalid byte sequence for encoding \"UTF8\"=2\n"}),
    [](const auto& test) { return test.param.name; });

TEST(CsvDecoder, ParsesEveryType) {
  TableBuilder builder({{"b", type_of(TypeId::Bool)},
                        {"i", type_of(TypeId::Int)},
                        {"l", type_of(TypeId::BigInt)},
                        {"d", type_of(TypeId::Double)},
                        {"n", LogicalType::numeric(9, 2)},
                        {"w", LogicalType::numeric(30, 4)},
                        {"t", type_of(TypeId::Timestamp)},
                        {"v", type_of(TypeId::Interval)},
                        {"j", type_of(TypeId::Jsonb)}});
  const std::string input =
      "t,-12,9223372036854775807,1.5,-3.456,12345678901234567890.12345,2013-01-01 00:02:03,1 day,\"[1,2]\"\n"
      "f, 7 ,-9223372036854775808,1e3,.5,1,2013-01-01T00:02:03.25,00:00:01,{}\n"
      ",,,,,,,,\n";
  const ReadAll all = read_all(builder.table, all_columns(builder.table), input);
  EXPECT_EQ(all.errors, "");
  EXPECT_EQ(
      all.rows,
      "1:t|-12|9223372036854775807|1.5|-3.46|12345678901234567890.1235|2013-01-01 00:02:03|1 day|<[1, 2]>\n"
      "2:f|7|-9223372036854775808|1000|0.50|1.0000|2013-01-01 00:02:03.25|00:00:01|<{}>\n"
      "3:~|~|~|~|~|~|~|~|~\n");
}

struct BadValueCase {
  LogicalType type;
  std::string text;
  std::string reason;
};

TEST(CsvDecoder, SaysWhatIsWrongWithAValue) {
  const BadValueCase cases[] = {
      {type_of(TypeId::Bool), "maybe", "invalid input syntax for type boolean"},
      {type_of(TypeId::Int), "2147483648", "value is out of range for type integer"},
      {type_of(TypeId::Int), "1.5", "invalid input syntax for type integer"},
      {type_of(TypeId::BigInt), "-9223372036854775809", "value is out of range for type bigint"},
      {type_of(TypeId::BigInt), "--1", "invalid input syntax for type bigint"},
      {type_of(TypeId::Double), "1.5x", "invalid input syntax for type double precision"},
      {LogicalType::numeric(4, 2), "100", "numeric field overflow"},
      {LogicalType::numeric(4, 2), "99.995", "numeric field overflow"},
      {LogicalType::numeric(4, 2), "abc", "invalid input syntax for type numeric"},
      {LogicalType::numeric(4, 2), "-", "invalid input syntax for type numeric"},
      {LogicalType::numeric(4, 2), ".", "invalid input syntax for type numeric"},
      {LogicalType::numeric(20, 2), "1..2", "invalid input syntax for type numeric"},
      {type_of(TypeId::Timestamp), "2013-02-30 00:00:00", "invalid input syntax for type timestamp"},
      {type_of(TypeId::Timestamp), "2013-01-01 00:61:00", "invalid input syntax for type timestamp"},
      {type_of(TypeId::Interval), "soon", "invalid input syntax for type interval"},
      {type_of(TypeId::Jsonb), "{", "invalid input syntax for type json"},
  };
  for (const BadValueCase& bad : cases) {
    TableBuilder builder({{"a", bad.type}, {"b", type_of(TypeId::Text)}});
    const ReadAll all = read_all(builder.table, all_columns(builder.table), bad.text + ",x\n,y\n");
    EXPECT_EQ(all.errors, bad.reason + "=1\n") << bad.text;
    EXPECT_EQ(all.rows, "2:~|<y>\n") << bad.text;
  }
}

TEST(CsvDecoder, ColumnsThatAreNotReadCannotBeWrongButAreCounted) {
  TableBuilder builder(
      {{"a", type_of(TypeId::Int)}, {"b", type_of(TypeId::Int)}, {"c", type_of(TypeId::Text)}});
  const ReadAll all = read_all(builder.table, {2, 0}, "1,oops,x\n2,3\noops,2,y\n4,,z\n");
  EXPECT_EQ(all.rows, "1:<x>|1\n4:<z>|4\n");
  EXPECT_EQ(all.errors, "expected 3 fields, got 2=1\ninvalid input syntax for type integer=1\n");
  EXPECT_EQ(all.last_seq, 4);
  EXPECT_EQ(read_all(builder.table, {}, "1,2,3\nx\n4,5,6\n").rows, "1:\n3:\n");
}

TEST(CsvDecoder, NullsStayInTheirRowsWhenBadRowsAreLeftOut) {
  TableBuilder builder({{"a", type_of(TypeId::Int)}, {"b", type_of(TypeId::Int)}});
  const ReadAll all = read_all(builder.table, {0, 1}, ",1\nx,2\n3,\n4,x\n,\n6,7\n");
  EXPECT_EQ(all.rows, "1:~|1\n3:3|~\n5:~|~\n6:6|7\n");
  EXPECT_EQ(all.errors, "invalid input syntax for type integer=2\n");
}

TEST(CsvDecoder, ARecordThatIsTooLongEndsAtTheNextNewline) {
  TableBuilder builder = text_table();
  const std::string endless(limits::kRecordBytes + 100, 'y');
  const std::string input = "a,b\nc,\"" + endless + "\ng,\"h\ni,j\nk,\"l,\n\"\n" + endless + ",m\nn,o\n";
  for (const Cut& cut : {Cut{}, Cut{100'000}, Cut{777'777, 0, 1}, Cut{SIZE_MAX, 0, 3, 4'000'000}}) {
    const ReadAll all = read_all(builder.table, {0, 1}, input, cut);
    EXPECT_EQ(all.errors, "expected 2 fields, got 3=1\nrecord longer than 1048576 bytes=2\n");
    EXPECT_EQ(all.rows, "1:<a>|<b>\n5:<n>|<o>\n");
  }
}

TEST(CsvDecoder, RandomInputIsReadAlikeAtRandomCuts) {
  Random random(20130101);
  const std::string alphabet = "a,\"\n\r\\1 ";
  for (int run = 0; run < 300; ++run) {
    TableBuilder builder({{"a", type_of(TypeId::Text)}, {"b", type_of(TypeId::Int)}});
    if (random.chance(1, 4)) builder.option("escape", "\\");
    std::string input;
    for (std::uint64_t n = random.below(400); n > 0; --n) input += alphabet[random.below(alphabet.size())];
    const ReadAll whole = read_all(builder.table, {0, 1}, input);
    const Cut cut{1 + random.below(90), random.below(90), 1 + random.below(9), 32 + random.below(200)};
    const ReadAll pieces = read_all(builder.table, {0, 1}, input, cut);
    ASSERT_EQ(pieces.rows, whole.rows) << input;
    ASSERT_EQ(pieces.errors, whole.errors) << input;
    ASSERT_EQ(pieces.last_seq, whole.last_seq) << input;
  }
}

TEST(CsvDecoder, WrongOptionsAreRefusedByName) {
  TableBuilder builder = text_table();
  builder.option("delimiter", "ab");
  EXPECT_EQ(read_all(builder.table, {0}, "").errors,
            "table \"t\": option delimiter must be a single one-byte character, not 'ab'");
}

}  // namespace
}  // namespace dart::connectors
