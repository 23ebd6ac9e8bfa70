#include "apps/text_table.hpp"

#include <gmock/gmock.h>

namespace dart::apps {
namespace {

TEST(TextTableTest, AlignsTheFirstColumnLeftAndTheOthersRight) {
  TextTable table({"name", "rows"});
  table.add_row({"Scan", "1,000"});
  table.add_note("errors 1: bad");
  table.add_row({"größer", "7"});
  EXPECT_EQ(table.text(),
            "name     rows\n"
            "Scan    1,000\n"
            "    errors 1: bad\n"
            "größer      7\n");
}

TEST(TextTableTest, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567890), "1,234,567,890");
}

TEST(TextTableTest, ShortensBytes) {
  EXPECT_EQ(readable_bytes(999), "999 B");
  EXPECT_EQ(readable_bytes(1500), "1.5 kB");
  EXPECT_EQ(readable_bytes(999'960), "1.0 MB");
  EXPECT_EQ(readable_bytes(3'000'000'000), "3.0 GB");
}

}  // namespace
}  // namespace dart::apps
