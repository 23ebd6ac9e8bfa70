#include "connectors/line_sink.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace dart::connectors {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;

class LineSinkTest : public testing::Test {
 protected:
  LineSinkTest() {
    table_.name = "shown";
    table_.connector = "stdout";
    table_.format = "table";
    table_.columns = {{"v", LogicalType::of(TypeId::BigInt), false},
                      {"s", LogicalType::of(TypeId::Text), false}};
    chunk_.rows = 2;
    chunk_.columns.resize(2);
    chunk_.columns[0].reset(LogicalType::of(TypeId::BigInt), 2);
    chunk_.columns[1].reset(LogicalType::of(TypeId::Text), 2);
    for (std::size_t r = 0; r < 2; ++r) {
      chunk_.columns[0].set_value(r, Value::bigint(static_cast<std::int64_t>(r)));
      chunk_.columns[1].set_value(r, Value::text("a\nb"));
    }
  }
  std::vector<std::string> shown() {
    std::vector<std::string> lines;
    auto sink = open_line_sink(table_, [&](std::string_view line) { lines.emplace_back(line); });
    EXPECT_TRUE(sink) << sink.error().message;
    EXPECT_TRUE((*sink)->write(chunk_, {1, 2, {}, {}}));
    EXPECT_EQ((*sink)->rows_written(), 2U);
    EXPECT_TRUE((*sink)->finish());
    return lines;
  }
  plan::TableDefinition table_;
  columnar::Chunk chunk_;
};

TEST_F(LineSinkTest, ATableIsShownAsJsonWithoutALineBreakBehindIt) {
  EXPECT_THAT(shown(), testing::ElementsAre(R"({"v":0,"s":"a\nb"})", R"({"v":1,"s":"a\nb"})"));
}

TEST_F(LineSinkTest, AnotherFormatStays) {
  table_.format = "csv";
  EXPECT_THAT(shown(), testing::ElementsAre("0,\"a\nb\"", "1,\"a\nb\""));
}

TEST_F(LineSinkTest, ARowThatIsTakenBackNeedsAnOpColumn) {
  chunk_.weights.reset(LogicalType::of(TypeId::BigInt), 2);
  chunk_.weights.mutable_data<std::int64_t>()[0] = 1;
  chunk_.weights.mutable_data<std::int64_t>()[1] = -1;
  auto sink = open_line_sink(table_, [](std::string_view) {});
  ASSERT_TRUE(sink);
  const auto status = (*sink)->write(chunk_, {1, 2, {}, {}});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().hint, testing::HasSubstr("op_column"));
}

}  // namespace
}  // namespace dart::connectors
