#include <gtest/gtest.h>

#include <map>

#include "connectors/generators/words.hpp"
#include "piecewise_bytes.hpp"

namespace dart::connectors {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using testing::all_columns;
using testing::TableBuilder;
using testing::type_of;

TableBuilder datagen_table(std::vector<std::pair<std::string, LogicalType>> columns, std::int64_t rows) {
  TableBuilder builder(std::move(columns));
  builder.table.connector = "datagen";
  builder.table.format = "";
  builder.option("rows", Value::bigint(rows));
  return builder;
}

/// Rows as `render`, or the error.
std::string generate(const plan::TableDefinition& table, std::size_t chunk_rows = 2048) {
  Factory factory(testing::fixed_clocks());
  auto source = factory.open_source({&table, all_columns(table), true});
  if (!source) return source.error().message;
  std::string rows;
  columnar::Chunk chunk;
  while (true) {
    const auto outcome = (*source)->read(TimePoint{}, chunk_rows, chunk);
    if (!outcome) return outcome.error().message;
    rows += testing::render(chunk);
    if (outcome->end) return rows;
  }
}

/// How often each value of a one-column table comes.
std::map<std::string, int> tally(const plan::TableDefinition& table) {
  std::map<std::string, int> counts;
  const std::string rows = generate(table);
  for (std::size_t begin = 0; begin < rows.size();) {
    const std::size_t end = rows.find('\n', begin);
    const std::string row = rows.substr(begin, end - begin);
    ++counts[row.substr(row.find(':') + 1)];
    begin = end + 1;
  }
  return counts;
}

TEST(Datagen, NamedGeneratorsMatchColumnsByName) {
  TableBuilder events =
      datagen_table({{"id", type_of(TypeId::BigInt)}, {"ts", type_of(TypeId::Timestamp)}}, 3);
  events.option("generator", "events");
  EXPECT_EQ(generate(events.table),
            "1:0|1970-01-01 00:00:00\n2:1|1970-01-01 00:00:00.00001\n3:2|1970-01-01 00:00:00.00002\n");
  TableBuilder words = datagen_table({{"word", type_of(TypeId::Text)}}, 2);
  words.option("generator", "words");
  const Words expected;
  const auto word = [&](std::uint64_t i) { return expected.vocabulary()[expected.rank_at(i)]; };
  EXPECT_EQ(generate(words.table), "1:<" + word(0) + ">\n2:<" + word(1) + ">\n");
  TableBuilder wrong = datagen_table({{"nothing", type_of(TypeId::Text)}}, 2);
  wrong.option("generator", "words");
  EXPECT_EQ(generate(wrong.table),
            "table \"t\": generator 'words' has no column \"nothing\" of type text; it has ts timestamp, "
            "word text");
}

TEST(Datagen, TheSameSeedGivesTheSameRowsInChunksOfAnySize) {
  TableBuilder builder = datagen_table({{"b", type_of(TypeId::Bool)},
                                        {"i", type_of(TypeId::Int)},
                                        {"d", type_of(TypeId::Double)},
                                        {"n", LogicalType::numeric(30, 2)},
                                        {"s", type_of(TypeId::Text)},
                                        {"t", type_of(TypeId::Timestamp)}},
                                       500);
  builder.option("s.length", Value::bigint(20)).option("i.null_rate", Value::real(0.2));
  const std::string rows = generate(builder.table);
  EXPECT_EQ(generate(builder.table, 1), rows);
  EXPECT_EQ(generate(builder.table, 7), rows);
  EXPECT_NE(rows.find('~'), std::string::npos);
  builder.option("seed", Value::bigint(1));
  EXPECT_NE(generate(builder.table), rows);
}

TEST(Datagen, DistributionsAreAsAsked) {
  TableBuilder uniform = datagen_table({{"k", type_of(TypeId::BigInt)}}, 10'000);
  uniform.option("k.min", Value::bigint(5)).option("k.max", Value::bigint(8));
  const auto four = tally(uniform.table);
  ASSERT_EQ(four.size(), 4U);
  for (const auto& [value, count] : four) EXPECT_NEAR(count, 2500, 200) << value;
  EXPECT_TRUE(four.contains("5") && four.contains("8"));

  TableBuilder zipf = datagen_table({{"k", type_of(TypeId::BigInt)}}, 10'000);
  zipf.option("k.distribution", "zipf").option("k.cardinality", Value::bigint(3));
  const auto ranks = tally(zipf.table);
  ASSERT_EQ(ranks.size(), 3U);
  EXPECT_NEAR(ranks.at("0"), 10'000 * 6 / 11, 200);
  EXPECT_NEAR(ranks.at("2"), 10'000 * 2 / 11, 200);

  TableBuilder choices = datagen_table({{"s", type_of(TypeId::Text)}}, 1000);
  choices.option("s.choices", "red,a colour with a long name,");
  const auto texts = tally(choices.table);
  EXPECT_EQ(texts.size(), 3U);
  EXPECT_TRUE(texts.contains("<a colour with a long name>") && texts.contains("<>"));

  TableBuilder letters = datagen_table({{"s", type_of(TypeId::Text)}}, 1000);
  letters.option("s.cardinality", Value::bigint(10)).option("s.length", Value::bigint(15));
  EXPECT_EQ(tally(letters.table).size(), 10U);

  TableBuilder doubles = datagen_table({{"d", type_of(TypeId::Double)}}, 1000);
  doubles.option("d.min", Value::real(1))
      .option("d.max", Value::real(2))
      .option("d.cardinality", Value::bigint(5));
  const auto fifths = tally(doubles.table);
  EXPECT_EQ(fifths.size(), 5U);
  EXPECT_TRUE(fifths.contains("1.25") && fifths.contains("2"));
}

TEST(Datagen, SequencesAndConstants) {
  TableBuilder builder = datagen_table({{"i", type_of(TypeId::Int)},
                                        {"t", type_of(TypeId::Timestamp)},
                                        {"n", LogicalType::numeric(9, 2)},
                                        {"c", type_of(TypeId::Text)}},
                                       3);
  builder.option("i.distribution", "sequence")
      .option("i.start", Value::bigint(10))
      .option("i.step", Value::bigint(-2));
  builder.option("t.start", "2013-01-01").option("t.step", "1 minute");
  builder.option("n.distribution", "sequence");
  builder.option("c.distribution", "constant").option("c.value", "x");
  EXPECT_EQ(generate(builder.table),
            "1:10|2013-01-01 00:00:00|0.00|<x>\n2:8|2013-01-01 00:01:00|1.00|<x>\n3:6|2013-01-01 "
            "00:02:00|2.00|<x>\n");
}

TEST(Datagen, WrongOptionsAreRefusedByName) {
  TableBuilder distribution = datagen_table({{"i", type_of(TypeId::Int)}}, 1);
  distribution.option("i.distribution", "normal");
  EXPECT_EQ(generate(distribution.table),
            "table \"t\": option i.distribution must be uniform, zipf, sequence or constant, not 'normal'");
  TableBuilder range = datagen_table({{"i", type_of(TypeId::Int)}}, 1);
  range.option("i.min", Value::bigint(5)).option("i.max", Value::bigint(4));
  EXPECT_EQ(generate(range.table), "table \"t\": option i.max must be at least the minimum, not '4'");
  TableBuilder value = datagen_table({{"i", type_of(TypeId::Int)}}, 1);
  value.option("i.min", "x");
  EXPECT_EQ(generate(value.table), "table \"t\": option i.min must be a value of type integer, not 'x'");
  TableBuilder json = datagen_table({{"j", type_of(TypeId::Jsonb)}}, 1);
  EXPECT_EQ(generate(json.table), "table \"t\": datagen makes no jsonb (column \"j\")");
}

}  // namespace
}  // namespace dart::connectors
