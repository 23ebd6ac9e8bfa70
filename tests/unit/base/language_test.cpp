#include <fmt/format.h>
#include <gtest/gtest.h>

namespace {

// The compiler, fmt and the test library work together: a failure here means that the machine's set-up is
// wrong, not the engine.
TEST(Toolchain, FormatsAndCompares) {
  static_assert(__cplusplus >= 202002L);
  EXPECT_EQ(fmt::format("{:>4}|{:.2f}", 42, 1.005), "  42|1.00");
}

}  // namespace
