#include "columnar/ordered_multiset.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace dart::columnar {
namespace {

template <class T>
const T* naive_at(const std::map<T, std::int64_t>& model, std::int64_t rank) {
  for (const auto& [value, weight] : model) {
    if (rank < weight) return &value;
    rank -= weight;
  }
  return nullptr;
}

template <class T>
void expect_same(const OrderedMultiset<T>& set, const std::map<T, std::int64_t>& model, Random& random) {
  std::int64_t total = 0;
  for (const auto& [value, weight] : model) total += weight;
  ASSERT_EQ(set.total(), total);
  ASSERT_EQ(set.distinct(), model.size());
  ASSERT_EQ(set.empty(), model.empty());
  if (model.empty()) {
    ASSERT_EQ(set.min(), nullptr);
    ASSERT_EQ(set.max(), nullptr);
    return;
  }
  ASSERT_TRUE(*set.min() == model.begin()->first);
  ASSERT_TRUE(*set.max() == model.rbegin()->first);
  for (int i = 0; i < 8; ++i) {
    const auto rank = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(total)));
    ASSERT_NE(set.at_rank(rank), nullptr);
    ASSERT_TRUE(*set.at_rank(rank) == *naive_at(model, rank)) << "rank " << rank;
  }
  ASSERT_EQ(set.at_rank(total), nullptr);
  ASSERT_EQ(set.at_rank(-1), nullptr);
}

// Grows to `most` different values and shrinks to nothing again, twice.
template <class T, class Make>
void grow_and_shrink(std::uint64_t seed, std::size_t most, Make&& make) {
  std::cout << "seed " << seed << '\n';
  Random random(seed);
  OrderedMultiset<T> set;
  std::map<T, std::int64_t> model;
  for (int round = 0; round < 2; ++round) {
    for (const bool growing : {true, false}) {
      for (std::size_t step = 0; growing ? model.size() < most : !model.empty(); ++step) {
        if (growing || random.chance(1, 8)) {
          const T value = make(random);
          const auto weight = static_cast<std::int64_t>(random.below(3) + 1);
          set.add(value, weight);
          model[value] += weight;
        }
        if (!growing || random.chance(1, 4)) {
          auto victim = model.lower_bound(make(random));
          if (victim == model.end()) victim = model.begin();
          if (victim == model.end()) continue;
          const std::int64_t weight = random.chance(1, 3) ? 1 : victim->second;
          set.add(victim->first, -weight);
          if ((victim->second -= weight) == 0) model.erase(victim);
        }
        if (step % 97 == 0) {
          ASSERT_NO_FATAL_FAILURE(expect_same(set, model, random));
        }
      }
      ASSERT_NO_FATAL_FAILURE(expect_same(set, model, random));
    }
  }
}

TEST(OrderedMultiset, AgreesWithAMapOfIntegers) {
  grow_and_shrink<std::int64_t>(1, 20, [](Random& r) { return static_cast<std::int64_t>(r.below(30)); });
  grow_and_shrink<std::int64_t>(2, 5'000, [](Random& r) { return static_cast<std::int64_t>(r.next()); });
}

TEST(OrderedMultiset, AgreesWithAMapOfWideIntegers) {
  grow_and_shrink<int128>(3, 2'000, [](Random& r) { return static_cast<int128>(r.next()) * 1'000'000'007; });
}

TEST(OrderedMultiset, AgreesWithAMapOfTexts) {
  grow_and_shrink<std::string>(4, 3'000,
                               [](Random& r) { return std::to_string(r.below(100'000)) + "-text"; });
}

TEST(OrderedMultiset, TakesViewsOfText) {
  OrderedMultiset<std::string> set;
  set.add(std::string_view("b"), 1);
  set.add(std::string_view("a"), 2);
  set.add(std::string_view("b"), -1);
  EXPECT_EQ(*set.min(), "a");
  EXPECT_EQ(*set.max(), "a");
}

TEST(OrderedMultiset, WeightsCommute) {
  OrderedMultiset<std::int64_t> set;
  set.add(5, -1);
  EXPECT_EQ(set.total(), -1);
  EXPECT_EQ(set.min(), nullptr);
  EXPECT_EQ(set.max(), nullptr);
  EXPECT_FALSE(set.empty());
  set.add(7, 2);
  EXPECT_EQ(*set.min(), 7);
  set.add(5, 1);
  EXPECT_EQ(set.distinct(), 1U);
  set.add(7, -2);
  EXPECT_TRUE(set.empty());
}

// Time goes on: values come at the end and go at the beginning, also where a leaf has just been left.
TEST(OrderedMultiset, SlidesOverGrowingValues) {
  OrderedMultiset<std::int64_t> set;
  for (std::int64_t i = 0; i < 200'000; ++i) {
    set.add(i, 1);
    if (i >= 5'000) set.add(i - 5'000, -1);
    if (i % 1'000 == 999 && i >= 5'000) {
      ASSERT_EQ(*set.min(), i - 4'999);
      ASSERT_EQ(*set.max(), i);
      ASSERT_EQ(*set.at_rank(2'500), i - 2'499);
    }
  }
  EXPECT_LT(set.owned_bytes(), 5'000U * 64);
}

TEST(OrderedMultiset, MillionsOfValues) {
  OrderedMultiset<std::int64_t> set;
  constexpr std::uint64_t kValues = 1'000'000;
  for (std::uint64_t i = 0; i < kValues; ++i) set.add(static_cast<std::int64_t>(i * 7'368'787 % kValues), 1);
  EXPECT_EQ(set.distinct(), kValues);
  for (std::int64_t rank = 0; rank < 1'000'000; rank += 991) ASSERT_EQ(*set.at_rank(rank), rank);
  for (std::uint64_t i = 0; i < kValues; i += 2) set.add(static_cast<std::int64_t>(i), -1);
  for (std::int64_t rank = 0; rank < 500'000; rank += 991) ASSERT_EQ(*set.at_rank(rank), 2 * rank + 1);
}

TEST(OrderedMultiset, MovesLeaveNothingBehind) {
  OrderedMultiset<std::int64_t> from;
  for (std::int64_t i = 0; i < 1'000; ++i) from.add(i, 1);
  OrderedMultiset<std::int64_t> to = std::move(from);
  EXPECT_EQ(to.total(), 1'000);
  EXPECT_EQ(*to.at_rank(999), 999);
  to = OrderedMultiset<std::int64_t>();
  EXPECT_TRUE(to.empty());
}

std::string bytes_of(const OrderedMultiset<std::int64_t>& set) {
  ByteWriter writer;
  set.serialize(writer, [](std::int64_t value, ByteWriter& out) { out.fixed(value); });
  return writer.take();
}
Status restore(OrderedMultiset<std::int64_t>& set, std::string_view bytes) {
  ByteReader reader(bytes);
  return set.deserialize(reader, [](ByteReader& in) { return in.fixed<std::int64_t>(); });
}

TEST(OrderedMultiset, SurvivesAsBytes) {
  for (const std::int64_t size : {0, 1, 128, 129, 5'000}) {
    OrderedMultiset<std::int64_t> set;
    for (std::int64_t i = 0; i < size; ++i) set.add(i * 3, i % 5 == 4 ? -2 : 1 + i % 7);
    const std::string bytes = bytes_of(set);
    OrderedMultiset<std::int64_t> back;
    ASSERT_TRUE(restore(back, bytes).has_value());
    EXPECT_EQ(back.total(), set.total());
    EXPECT_EQ(bytes_of(back), bytes);
  }
}

TEST(OrderedMultiset, DamagedBytesAreErrors) {
  OrderedMultiset<std::int64_t> set;
  for (std::int64_t i = 0; i < 5; ++i) set.add(i, 1);
  const std::string bytes = bytes_of(set);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    OrderedMultiset<std::int64_t> back;
    EXPECT_FALSE(restore(back, bytes.substr(0, size)).has_value()) << size;
  }
  const auto damaged = [&](std::size_t place, char with) {
    std::string wrong = bytes;
    wrong[place] = with;
    OrderedMultiset<std::int64_t> back;
    return restore(back, wrong).has_value();
  };
  EXPECT_FALSE(damaged(1, 9)) << "out of order";
  EXPECT_FALSE(damaged(9, 0)) << "weight 0";
  EXPECT_FALSE(damaged(16, 0x7F)) << "a weight that sums could overflow with";
}

}  // namespace
}  // namespace dart::columnar
