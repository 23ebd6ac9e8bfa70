#include <gmock/gmock.h>

#include "connectors/generators/events.hpp"
#include "connectors/generators/words.hpp"

namespace dart::connectors {
namespace {

TEST(EventsTest, AreTheOnesOfThePublishedCheckValues) {
  std::int64_t kept = 0;
  double sum = 0;
  for (std::uint64_t i = 0; i < 20'000'000; ++i) {
    const Event event = event_at(i);
    ASSERT_TRUE(event.key >= 0 && event.key < Event::kKeys);
    if (event.value < 50) continue;
    ++kept;
    sum += event.value * 1.8 + 32;
  }
  EXPECT_EQ(kept, 9'998'892);
  EXPECT_NEAR(sum, 1'669'719'505.149, 0.01);
  EXPECT_EQ(event_at(12345).ts, 123'450);
  EXPECT_EQ(event_at(12345).id, 12345);
}

TEST(WordsTest, AreTheOnesOfThePublishedCheckValues) {
  const Words words;
  ASSERT_EQ(words.vocabulary().size(), 9967U);
  std::vector<std::int64_t> counts(words.vocabulary().size());
  std::int64_t sum = 0;
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < 10'000'000; ++i) {
    const std::size_t rank = words.rank_at(i);
    sum += ++counts[rank];
    bytes += words.vocabulary()[rank].size();
  }
  EXPECT_EQ(sum, 857'882'392'220);
  EXPECT_EQ(bytes, 74'738'759U);
}

}  // namespace
}  // namespace dart::connectors
