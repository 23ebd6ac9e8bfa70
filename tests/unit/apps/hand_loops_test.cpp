#include "apps/bench/hand_loops.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace dart::apps::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

/// Rows in order of time; new keys come in as time goes on.
struct Rows {
  std::vector<std::int64_t> ts;
  std::vector<std::int64_t> key;
  std::vector<double> value;

  explicit Rows(std::size_t count) {
    Random random(7);
    std::int64_t time = 0;
    for (std::size_t r = 0; r < count; ++r) {
      time += static_cast<std::int64_t>(random.below(40'000));
      ts.push_back(time);
      key.push_back(static_cast<std::int64_t>(random.below(3 + r / 100)));
      value.push_back(random.unit() * 100);
    }
  }
};

struct Group {
  double sum = 0;
  double count = 0;
  double max = 0;
  void add(double value) {
    sum += value;
    max = count == 0 ? value : std::max(max, value);
    ++count;
  }
};

TEST(HandLoopsTest, FilterAndMap) {
  const Rows rows(10'001);
  double sum = 0;
  std::uint64_t kept = 0;
  for (const double value : rows.value) {
    if (value < 50) continue;
    sum += value * 1.8 + 32;
    ++kept;
  }
  const HandResult result = hand_filter_map(rows.value);
  EXPECT_EQ(result.rows, kept);
  EXPECT_NEAR(result.sums[0], sum, 1e-6);
}

TEST(HandLoopsTest, TumblingAverages) {
  const Rows rows(5000);
  std::map<std::pair<std::int64_t, std::int64_t>, Group> groups;
  for (std::size_t r = 0; r < rows.ts.size(); ++r) {
    groups[{rows.ts[r] / (10 * kSecond), rows.key[r]}].add(rows.value[r]);
  }
  double sum = 0;
  for (const auto& [key, group] : groups) sum += group.sum / group.count;
  const HandResult result = hand_tumble(rows.ts, rows.key, rows.value);
  EXPECT_EQ(result.rows, groups.size());
  EXPECT_NEAR(result.sums[0], sum, 1e-6);
}

TEST(HandLoopsTest, HoppingWindowsWithKeysThatComeLater) {
  const Rows rows(5000);
  std::map<std::pair<std::int64_t, std::int64_t>, Group> groups;
  for (std::size_t r = 0; r < rows.ts.size(); ++r) {
    const std::int64_t second = rows.ts[r] / kSecond;
    for (std::int64_t start = std::max<std::int64_t>(0, second - 59); start <= second; ++start) {
      groups[{start, rows.key[r]}].add(rows.value[r]);
    }
  }
  Group all;
  double maxima = 0;
  for (const auto& [key, group] : groups) {
    all.sum += group.sum;
    all.count += group.count;
    maxima += group.max;
  }
  const HandResult result = hand_hop(rows.ts, rows.key, rows.value);
  EXPECT_EQ(result.rows, groups.size());
  EXPECT_NEAR(result.sums[0], all.sum, 1e-4);
  EXPECT_EQ(result.sums[1], all.count);
  EXPECT_NEAR(result.sums[2], maxima, 1e-4);
}

TEST(HandLoopsTest, RunningCounts) {
  const std::vector<std::string> words = {"a", "bb", "a", "sixteen letters!", "bb", "a"};
  std::vector<std::uint32_t> offsets = {0};
  std::string bytes;
  for (const auto& word : words) {
    bytes += word;
    offsets.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  bytes.append(16, 'x');  // what stands behind a word is none of it
  const HandResult result = hand_running_count(offsets, bytes.data());
  EXPECT_EQ(result.rows, 6U);
  EXPECT_EQ(result.published[0], 1 + 1 + 2 + 1 + 2 + 3);
  EXPECT_EQ(result.published[1], 3);
}

}  // namespace
}  // namespace dart::apps::bench
