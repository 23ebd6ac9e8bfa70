#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "connectors/file_bytes.hpp"
#include "piecewise_bytes.hpp"
#include "support/temp_folder.hpp"

namespace dart::connectors {
namespace {

using columnar::TypeId;
using support::TempFolder;
using testing::TableBuilder;
using testing::type_of;

TableBuilder file_table(const std::string& path) {
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}, {"b", type_of(TypeId::Text)}});
  builder.option("path", path);
  return builder;
}

/// Rows as `render`, or the error.
std::string read_file(const plan::TableDefinition& table) {
  Factory factory(testing::fixed_clocks());
  auto source = factory.open_source({&table, {0, 1}, true});
  if (!source) return source.error().message;
  std::string rows;
  columnar::Chunk chunk;
  while (true) {
    const auto outcome = (*source)->read(TimePoint{}, 2048, chunk);
    if (!outcome) return outcome.error().message;
    rows += testing::render(chunk);
    if (outcome->end) return rows;
  }
}

std::string gzip(const std::string& bytes) {
  std::string packed(bytes.size() + 1000, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
  return packed;
}

TEST(FileSource, ReadsAPlainFile) {
  const TempFolder folder;
  EXPECT_EQ(read_file(file_table(folder.write("t.csv", "1,x\n2,y\n")).table), "1:1|<x>\n2:2|<y>\n");
  EXPECT_EQ(read_file(file_table(folder.write("empty.csv", "")).table), "");
}

TEST(FileSource, UnpacksGzipAndZstdByTheirFirstBytes) {
  const TempFolder folder;
  std::string bytes;
  std::string rows;
  for (int i = 1; i <= 100'000; ++i) {
    bytes += std::to_string(i) + ",a text that is longer than twelve\n";
    rows += std::to_string(i) + ":" + std::to_string(i) + "|<a text that is longer than twelve>\n";
  }
  EXPECT_EQ(read_file(file_table(folder.write("t.csv.gz", gzip(bytes))).table), rows);
  EXPECT_EQ(read_file(file_table(folder.write("t.csv.zst", zstd(bytes))).table), rows);
  EXPECT_EQ(read_file(file_table(folder.write("t", gzip(bytes))).table), rows);
  const std::string one = "7,x\n";
  EXPECT_EQ(read_file(file_table(folder.write("two.gz", gzip(one) + gzip(one))).table), "1:7|<x>\n2:7|<x>\n");
  EXPECT_EQ(read_file(file_table(folder.write("two.zst", zstd(one) + zstd(one))).table),
            "1:7|<x>\n2:7|<x>\n");
  EXPECT_EQ(read_file(file_table(folder.write("empty.gz", "")).table), "");
}

TEST(FileSource, DamagedArchivesAreErrors) {
  const TempFolder folder;
  const std::string bytes = "1,x\n2,y\n";
  const std::string short_gzip = folder.write("a.gz", gzip(bytes).substr(0, 12));
  EXPECT_EQ(read_file(file_table(short_gzip).table), "cannot unpack '" + short_gzip + "': it ends too early");
  const std::string short_zstd = folder.write("a.zst", zstd(bytes).substr(0, 12));
  EXPECT_EQ(read_file(file_table(short_zstd).table), "cannot unpack '" + short_zstd + "': it ends too early");
  std::string wrong = gzip(bytes);
  wrong[12] = static_cast<char>(~wrong[12]);
  EXPECT_TRUE(read_file(file_table(folder.write("b.gz", wrong)).table).starts_with("cannot unpack '"));
}

TEST(FileSource, WhatCannotBeReadIsNamed) {
  const TempFolder folder;
  const std::string missing = folder.file("none.csv");
  EXPECT_EQ(read_file(file_table(missing).table), "cannot read '" + missing + "': No such file or directory");
  const std::string directory = folder.file("");
  EXPECT_EQ(read_file(file_table(directory).table), "cannot read '" + directory + "': Is a directory");
  const std::string secret = folder.write("secret.csv", "1,x\n");
  ::chmod(secret.c_str(), 0);
  if (::access(secret.c_str(), R_OK) != 0) {
    EXPECT_EQ(read_file(file_table(secret).table), "cannot read '" + secret + "': Permission denied");
  }
  TableBuilder nowhere({{"a", type_of(TypeId::BigInt)}, {"b", type_of(TypeId::Text)}});
  EXPECT_EQ(read_file(nowhere.table), "table \"t\": connector 'file' needs the option path");
}

TEST(FileSource, AFifoNeverMakesTheReaderWait) {
  const TempFolder folder;
  const std::string path = folder.file("fifo");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const TableBuilder builder = file_table(path);
  Factory factory(testing::fixed_clocks());
  auto source = factory.open_source({&builder.table, {0, 1}, true});
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_GE((*source)->ready_fd(), 0);
  columnar::Chunk chunk;
  const auto nothing_yet = [&] {
    const auto outcome = (*source)->read(TimePoint{5}, 2048, chunk);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->rows, 0U);
    EXPECT_FALSE(outcome->end);
    EXPECT_FALSE(outcome->wake_at.has_value());
  };
  nothing_yet();
  const int writer = ::open(path.c_str(), O_WRONLY);
  ASSERT_GE(writer, 0);
  nothing_yet();
  ASSERT_EQ(::write(writer, "1,x\n2,", 6), 6);
  auto outcome = (*source)->read(TimePoint{9}, 2048, chunk);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(testing::render(chunk), "1:1|<x>\n");
  EXPECT_EQ(outcome->origin_last.us, 9);
  EXPECT_FALSE(outcome->end);
  ASSERT_EQ(::write(writer, "y\n", 2), 2);
  outcome = (*source)->read(TimePoint{9}, 2048, chunk);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(testing::render(chunk), "2:2|<y>\n");
  ::close(writer);
}

TEST(FileSource, OnlyWhatComesOnceIsLive) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  EXPECT_TRUE(is_live(file_table(folder.file("fifo")).table));
  EXPECT_TRUE(is_live(file_table("/dev/tty").table));
  EXPECT_FALSE(is_live(file_table(folder.write("t.csv", "1,x\n")).table));
  EXPECT_FALSE(is_live(file_table(folder.file("missing")).table));
  TableBuilder generated = file_table("");
  generated.table.connector = "datagen";
  EXPECT_FALSE(is_live(generated.table));
  generated.table.connector = "stdin";
  EXPECT_TRUE(is_live(generated.table));
}

TEST(FileSource, BadRowsAreShownWithTheirPlace) {
  const TempFolder folder;
  const TableBuilder builder = file_table(folder.write("t.csv", "1,x\nq,y\n3\n"));
  Factory factory(testing::fixed_clocks());
  auto source = factory.open_source({&builder.table, {0, 1}, true});
  ASSERT_TRUE(source);
  columnar::Chunk chunk;
  const auto outcome = (*source)->read(TimePoint{}, 2048, chunk);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->first_seq, 1);
  EXPECT_EQ(outcome->last_seq, 3);
  const auto samples = (*source)->error_samples();
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].seq, 3);
  EXPECT_EQ(samples[0].reason, "expected 2 fields, got 1");
  EXPECT_EQ(samples[1].seq, 2);
  EXPECT_EQ(samples[1].column, "a");
  EXPECT_EQ(samples[1].value, "q");
}

TEST(FileSource, AFileOfBadRowsIsReadInTurns) {
  const TempFolder folder;
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += "x\n";
  const TableBuilder builder = file_table(folder.write("t.csv", bytes));
  Factory factory(testing::fixed_clocks());
  auto source = factory.open_source({&builder.table, {0, 1}, true});
  ASSERT_TRUE(source);
  columnar::Chunk chunk;
  const auto outcome = (*source)->read(TimePoint{7}, 2048, chunk);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->rows, 0U);
  EXPECT_FALSE(outcome->end);
  EXPECT_LT(outcome->last_seq, 20'000);
  ASSERT_TRUE(outcome->wake_at.has_value());
  EXPECT_EQ(outcome->wake_at->us, 7);
}

}  // namespace
}  // namespace dart::connectors
