#include <gtest/gtest.h>

#include "connectors/catalogue.hpp"
#include "support/temp_folder.hpp"
#include "table_builder.hpp"

namespace dart::connectors {
namespace {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using columnar::Vector;
using engine::Progress;
using support::TempFolder;
using testing::TableBuilder;
using testing::type_of;

/// A chunk of rows of values; types from the first row.
Chunk chunk_of(const std::vector<LogicalType>& types, const std::vector<std::vector<Value>>& rows) {
  Chunk chunk;
  chunk.rows = rows.size();
  for (std::size_t c = 0; c < types.size(); ++c) {
    Vector column(types[c]);
    column.reset(rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) column.set_value(r, rows[r][c]);
    chunk.columns.push_back(std::move(column));
  }
  return chunk;
}

Vector numbers(const std::vector<std::int64_t>& values) {
  Vector vector(type_of(TypeId::BigInt));
  vector.reset(values.size());
  std::copy(values.begin(), values.end(), vector.mutable_data<std::int64_t>());
  return vector;
}

Progress at(std::int64_t us) { return {0, 0, TimePoint{us}, TimePoint{us}}; }

/// Clocks whose time the test sets.
struct Hand {
  std::shared_ptr<std::int64_t> us = std::make_shared<std::int64_t>(0);
  [[nodiscard]] Clocks clocks() const {
    return {[now = us] { return TimePoint{*now}; }, [] { return std::int64_t{0}; }};
  }
};

std::unique_ptr<engine::Sink> open(const plan::TableDefinition& table, const Hand& hand = {}) {
  Factory factory(hand.clocks());
  auto sink = factory.open_sink(table);
  EXPECT_TRUE(sink) << sink.error().message;
  return sink ? *std::move(sink) : nullptr;
}

const std::vector<LogicalType> kAllTypes = {
    type_of(TypeId::Bool), type_of(TypeId::Int),       type_of(TypeId::Double),   LogicalType::numeric(9, 2),
    type_of(TypeId::Text), type_of(TypeId::Timestamp), type_of(TypeId::Interval), type_of(TypeId::Jsonb)};

TableBuilder all_types_table(const std::string& format, const std::string& path) {
  TableBuilder builder({{"b", kAllTypes[0]},
                        {"i", kAllTypes[1]},
                        {"d", kAllTypes[2]},
                        {"n", kAllTypes[3]},
                        {"s", kAllTypes[4]},
                        {"t", kAllTypes[5]},
                        {"v", kAllTypes[6]},
                        {"j", kAllTypes[7]}});
  builder.table.format = format;
  builder.option("path", path);
  return builder;
}

Chunk all_types_chunk() {
  std::vector<Value> nulls;
  for (const LogicalType type : kAllTypes) nulls.push_back(Value::null(type));
  return chunk_of(kAllTypes,
                  {{Value::boolean(true), Value::integer(-7), Value::real(1.5), Value::numeric(9, 2, 150),
                    Value::text("a,\"b\""), Value::timestamp(1'000'000), Value::interval(90'000'000),
                    Value::of(kAllTypes[7], columnar::StringRef("{\"x\":1}"))},
                   nulls});
}

std::string written(const plan::TableDefinition& table, const TempFolder& folder, const Chunk& chunk) {
  const auto sink = open(table);
  EXPECT_TRUE(sink->write(chunk, at(0)));
  EXPECT_TRUE(sink->finish());
  return folder.read("out");
}

TEST(Sink, WritesCsvAsPostgresqlDoes) {
  const TempFolder folder;
  TableBuilder builder = all_types_table("csv", folder.file("out"));
  EXPECT_EQ(written(builder.table, folder, all_types_chunk()),
            "t,-7,1.5,1.50,\"a,\"\"b\"\"\",1970-01-01 00:00:01,00:01:30,\"{\"\"x\"\":1}\"\n,,,,,,,\n");
  builder.option("header", Value::boolean(true)).option("null", "NULL");
  EXPECT_EQ(written(builder.table, folder, all_types_chunk()),
            "b,i,d,n,s,t,v,j\nt,-7,1.5,1.50,\"a,\"\"b\"\"\",1970-01-01 00:00:01,00:01:30,\"{\"\"x\"\":1}\"\n"
            "NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL\n");
}

TEST(Sink, QuotesOnlyWhatAReaderWouldMisread) {
  const TempFolder folder;
  TableBuilder builder({{"a", type_of(TypeId::Text)}});
  builder.option("path", folder.file("out"));
  const Chunk chunk = chunk_of({type_of(TypeId::Text)}, {{Value::text("")},
                                                         {Value::text("plain text")},
                                                         {Value::text("two\nlines")},
                                                         {Value::text("cr\r")},
                                                         {Value::text("NULL")}});
  EXPECT_EQ(written(builder.table, folder, chunk), "\"\"\nplain text\n\"two\nlines\"\n\"cr\r\"\nNULL\n");
  builder.option("null", "NULL");
  EXPECT_EQ(written(builder.table, folder, chunk), "\nplain text\n\"two\nlines\"\n\"cr\r\"\n\"NULL\"\n");
}

TEST(Sink, WritesJsonLines) {
  const TempFolder folder;
  const TableBuilder builder = all_types_table("json", folder.file("out"));
  EXPECT_EQ(written(builder.table, folder, all_types_chunk()),
            "{\"b\":true,\"i\":-7,\"d\":1.5,\"n\":1.50,\"s\":\"a,\\\"b\\\"\",\"t\":\"1970-01-01 00:00:01\","
            "\"v\":\"00:01:30\",\"j\":{\"x\":1}}\n"
            "{\"b\":null,\"i\":null,\"d\":null,\"n\":null,\"s\":null,\"t\":null,\"v\":null,\"j\":null}\n");
}

TEST(Sink, JsonEscapesTextsAndQuotesWhatIsNoNumber) {
  const TempFolder folder;
  TableBuilder builder({{"a\"b", type_of(TypeId::Text)}, {"d", type_of(TypeId::Double)}});
  builder.table.format = "json";
  builder.option("path", folder.file("out"));
  const Chunk chunk =
      chunk_of({type_of(TypeId::Text), type_of(TypeId::Double)},
               {{Value::text("\x01\t\n\r\\\""), Value::real(std::numeric_limits<double>::infinity())}});
  EXPECT_EQ(written(builder.table, folder, chunk),
            "{\"a\\\"b\":\"\\u0001\\t\\n\\r\\\\\\\"\",\"d\":\"Infinity\"}\n");
}

TEST(Sink, PrintsATable) {
  const TempFolder folder;
  const TableBuilder builder = all_types_table("table", folder.file("out"));
  EXPECT_EQ(written(builder.table, folder, all_types_chunk()),
            "b | i | d | n | s | t | v | j\n"
            "t | -7 | 1.5 | 1.50 | a,\"b\" | 1970-01-01 00:00:01 | 00:01:30 | {\"x\":1}\n"
            "NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL\n");
}

TableBuilder delay_table(const std::string& path) {
  TableBuilder builder(
      {{"a", type_of(TypeId::BigInt)}, {"delay", type_of(TypeId::Interval)}, {"b", type_of(TypeId::BigInt)}});
  builder.table.delay_column = 1;
  builder.option("path", path);
  return builder;
}

TEST(Sink, DelayIsFromTheOriginUntilJustBeforeTheWrite) {
  const TempFolder folder;
  for (const auto& [format, expected] : std::vector<std::pair<std::string, std::string>>{
           {"csv", "1,00:00:00.000250,2\n3,00:01:01.000100,4\n"},
           {"json",
            "{\"a\":1,\"delay\":\"00:00:00.000250\",\"b\":2}\n{\"a\":3,\"delay\":\"00:01:01.000100\",\"b\":4}"
            "\n"},
           {"table", "a | delay | b\n1 | 00:00:00.000250 | 2\n3 | 00:01:01.000100 | 4\n"}}) {
    TableBuilder builder = delay_table(folder.file("out"));
    builder.table.format = format;
    const Hand hand;
    const auto sink = open(builder.table, hand);
    const auto types = {type_of(TypeId::BigInt), type_of(TypeId::BigInt)};
    *hand.us = 61'000'100;
    ASSERT_TRUE(sink->write(chunk_of(types, {{Value::bigint(1), Value::bigint(2)}}), at(60'999'850 + 150)));
    ASSERT_TRUE(sink->write(chunk_of(types, {{Value::bigint(3), Value::bigint(4)}}), at(150)));
    EXPECT_EQ(folder.read("out"), "") << "nothing is written before the flush";
    *hand.us = 61'000'250;
    ASSERT_TRUE(sink->flush());
    EXPECT_EQ(folder.read("out"), expected);
    EXPECT_EQ(sink->rows_written(), 2U);
    ASSERT_NE(sink->delays(), nullptr);
    EXPECT_EQ(sink->delays()->count(), 2U);
    ASSERT_TRUE(sink->finish());
  }
}

TEST(Sink, DelayOfEveryStepHasItsOwnOrigin) {
  const TempFolder folder;
  const TableBuilder builder = delay_table(folder.file("out"));
  const Hand hand;
  const auto sink = open(builder.table, hand);
  Chunk chunk = chunk_of({type_of(TypeId::BigInt), type_of(TypeId::BigInt)},
                         {{Value::bigint(1), Value::bigint(1)}, {Value::bigint(2), Value::bigint(2)}});
  chunk.steps = numbers({11, 15});
  *hand.us = 1000;
  ASSERT_TRUE(sink->write(chunk, {11, 21, TimePoint{100}, TimePoint{200}}));
  ASSERT_TRUE(sink->finish());
  EXPECT_EQ(folder.read("out"), "1,00:00:00.000900,1\n2,00:00:00.000860,2\n");
}

TEST(Sink, AnOpColumnTellsWhatAChangelogDoes) {
  const TempFolder folder;
  TableBuilder builder({{"op", type_of(TypeId::Text)}, {"a", type_of(TypeId::BigInt)}});
  builder.table.op_column = 0;
  builder.table.primary_key = {1};
  builder.option("path", folder.file("out"));
  Chunk chunk = chunk_of({type_of(TypeId::BigInt)}, {{Value::bigint(1)}, {Value::bigint(2)}});
  chunk.weights = numbers({-1, 2});
  const auto sink = open(builder.table);
  ASSERT_TRUE(sink->write(chunk, at(0)));
  ASSERT_TRUE(sink->finish());
  EXPECT_EQ(folder.read("out"), "-,1\n+,2\n+,2\n");
  EXPECT_EQ(sink->rows_written(), 3U);
}

TEST(Sink, ARowTakenBackIsNeverWrittenAsIfItWereNew) {
  const TempFolder folder;
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.option("path", folder.file("out"));
  Chunk chunk = chunk_of({type_of(TypeId::BigInt)}, {{Value::bigint(1)}});
  chunk.weights = numbers({-1});
  const auto sink = open(builder.table);
  const Status status = sink->write(chunk, at(0));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "table \"t\": a row is taken back, which a file cannot do");
}

TEST(Sink, AFullBufferIsWrittenByItself) {
  const TempFolder folder;
  TableBuilder builder({{"a", type_of(TypeId::Text)}});
  builder.option("path", folder.file("out"));
  const auto sink = open(builder.table);
  const Chunk chunk = chunk_of({type_of(TypeId::Text)}, {{Value::text(std::string(999, 'x'))}});
  for (int i = 0; i < 70; ++i) ASSERT_TRUE(sink->write(chunk, at(0)));
  EXPECT_GE(folder.read("out").size(), 64U * 1024);
  ASSERT_TRUE(sink->finish());
  EXPECT_EQ(folder.read("out").size(), 70'000U);
}

TEST(Sink, AFullDiskIsAnError) {
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.option("path", "/dev/full");
  const auto sink = open(builder.table);
  ASSERT_TRUE(sink->write(chunk_of({type_of(TypeId::BigInt)}, {{Value::bigint(1)}}), at(0)));
  const Status status = sink->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::Io);
  EXPECT_EQ(status.error().message, "cannot write to '/dev/full': No space left on device");
  EXPECT_EQ(status.error().hint, "free some space, or write to another disk");
}

TEST(Sink, ReopenedItKeepsWhatIsThereAndBeginsNothing) {
  const TempFolder folder;
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.option("path", folder.file("out.csv"));
  builder.option("header", Value::boolean(true));
  Factory factory(Hand().clocks());
  const auto write = [&](Result<std::unique_ptr<engine::Sink>> sink, std::int64_t number) {
    ASSERT_TRUE(sink) << sink.error().message;
    ASSERT_TRUE((*sink)->write(chunk_of({type_of(TypeId::BigInt)}, {{Value::bigint(number)}}), at(0)));
    ASSERT_TRUE((*sink)->finish());
  };
  write(factory.open_sink(builder.table), 1);
  write(factory.reopen_sink(builder.table), 2);
  EXPECT_EQ(folder.read("out.csv"), "a\n1\n2\n");
  write(factory.open_sink(builder.table), 3);
  EXPECT_EQ(folder.read("out.csv"), "a\n3\n");
}

TEST(Sink, WhatCannotBeOpenedIsNamed) {
  const TempFolder folder;
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.option("path", folder.file("no/such/folder"));
  Factory factory(Hand().clocks());
  const auto sink = factory.open_sink(builder.table);
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().message,
            "cannot write to '" + folder.file("no/such/folder") + "': No such file or directory");
}

TEST(Sink, KeysWithoutAnOpColumnAreRefused) {
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.table.primary_key = {0};
  builder.option("path", "-");
  Factory factory(Hand().clocks());
  const auto sink = factory.open_sink(builder.table);
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, ErrorCode::Unsupported);
  EXPECT_EQ(sink.error().message, "table \"t\": rows of a file cannot be updated by their key");
}

TEST(Sink, TheBlackholeCountsRowsAndDelays) {
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.table.connector = "blackhole";
  builder.table.format = "";
  const Hand hand;
  const auto sink = open(builder.table, hand);
  *hand.us = 50;
  ASSERT_TRUE(
      sink->write(chunk_of({type_of(TypeId::BigInt)}, {{Value::bigint(1)}, {Value::bigint(2)}}), at(10)));
  ASSERT_TRUE(sink->finish());
  EXPECT_EQ(sink->rows_written(), 2U);
  EXPECT_EQ(sink->delays()->percentile(0.5), 40);
}

TEST(Catalogue, NamesThatDoNotExistAreErrorsThatListTheOthers) {
  Factory factory(Hand().clocks());
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.option("path", "-");
  builder.table.connector = "kafka";
  EXPECT_EQ(factory.open_sink(builder.table).error().message,
            "table \"t\": there is no connector 'kafka'; there are: file, stdin, stdout, datagen, blackhole");
  builder.table.connector = "stdin";
  EXPECT_EQ(factory.open_sink(builder.table).error().message,
            "table \"t\": connector 'stdin' cannot be written");
  builder.table.connector = "file";
  builder.table.format = "xml";
  EXPECT_EQ(factory.open_sink(builder.table).error().message,
            "table \"t\": there is no format 'xml'; there are: csv, json, table");
  builder.table.format = "table";
  EXPECT_EQ(factory.open_source({&builder.table, {0}, true}).error().message,
            "table \"t\": format 'table' cannot be read");
}

TEST(Catalogue, SaysWhatEveryEntryCanDo) {
  const plan::Catalogue known = catalogue();
  for (const ConnectorEntry& entry : connector_entries()) {
    EXPECT_EQ(entry.spec.is_source, entry.open_bytes != nullptr || entry.open_rows != nullptr)
        << entry.spec.name;
    EXPECT_EQ(entry.spec.is_sink, entry.create_bytes != nullptr || entry.create_rows != nullptr)
        << entry.spec.name;
    EXPECT_EQ(entry.spec.takes_format, entry.open_bytes != nullptr || entry.create_bytes != nullptr)
        << entry.spec.name;
  }
  for (const FormatEntry& entry : format_entries()) {
    EXPECT_EQ(entry.spec.reads, entry.make_decoder != nullptr) << entry.spec.name;
    EXPECT_EQ(entry.spec.writes, entry.make_encoder != nullptr) << entry.spec.name;
  }
  EXPECT_EQ(known.connectors.size(), connector_entries().size());
  EXPECT_EQ(known.formats.size(), format_entries().size());
}

}  // namespace
}  // namespace dart::connectors
