#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/result.hpp"

namespace dart::columnar {

/// Values with weights in ascending order: what min, max and percentiles are read from when rows can be taken
/// out again. Weights add up and commute: a value may be taken out before it is put in, its weight is then
/// negative for a while; a value of weight 0 is gone. T is a number or std::string; `add` also takes what
/// compares with T and makes one (std::string_view). NaN has no place here: hold doubles by `ordered_key`.
///
///     few values:   one sorted block
///     many values:  leaves of at most kLeafValues, a separator and a total a leaf, a total a kGroup leaves
template <class T>
class OrderedMultiset {
 public:
  struct Entry {
    T value;
    std::int64_t weight;
  };

  OrderedMultiset() = default;
  OrderedMultiset(OrderedMultiset&& other) noexcept { *this = std::move(other); }
  OrderedMultiset& operator=(OrderedMultiset&& other) noexcept {
    small_ = std::exchange(other.small_, {});
    total_ = std::exchange(other.total_, 0);
    large_ = std::move(other.large_);
    return *this;
  }

  /// Adds `weight` copies, takes them out when it is negative.
  template <class View>
  void add(const View& value, std::int64_t weight) {
    if (weight == 0) return;
    total_ += weight;
    if (large_) {
      add_large(value, weight);
      return;
    }
    add_to(small_, value, weight);
    if (small_.size() > kLeafValues) grow();
  }

  /// The sum of all weights.
  [[nodiscard]] std::int64_t total() const { return total_; }
  /// Nothing is left, not even negative weights.
  [[nodiscard]] bool empty() const { return small_.empty() && !large_; }
  [[nodiscard]] std::size_t distinct() const {
    if (!large_) return small_.size();
    std::size_t sum = 0;
    for (const auto& leaf : large_->leaves) sum += leaf->size();
    return sum;
  }

  /// The least value of positive weight; null when there is none. Good until the next change.
  [[nodiscard]] const T* min() const {
    if (!large_) return first_in(small_);
    for (const auto& leaf : large_->leaves) {
      if (const T* value = first_in(*leaf)) return value;
    }
    return nullptr;
  }
  /// The greatest value of positive weight; null when there is none.
  [[nodiscard]] const T* max() const {
    if (!large_) return last_in(small_);
    for (auto leaf = large_->leaves.rbegin(); leaf != large_->leaves.rend(); ++leaf) {
      if (const T* value = last_in(**leaf)) return value;
    }
    return nullptr;
  }
  /// The value at place `rank` (from 0) when each is written as often as its weight says; null outside of
  /// [0, total()).
  [[nodiscard]] const T* at_rank(std::int64_t rank) const {
    if (rank < 0 || rank >= total_) return nullptr;
    if (!large_) return rank_in(small_, rank);
    std::size_t group = 0;
    while (group + 1 < large_->group_totals.size() && rank >= large_->group_totals[group]) {
      rank -= large_->group_totals[group++];
    }
    const std::size_t end = std::min(large_->leaves.size(), (group + 1) * kGroup);
    std::size_t leaf = group * kGroup;
    while (leaf + 1 < end && rank >= large_->totals[leaf]) rank -= large_->totals[leaf++];
    return rank_in(*large_->leaves[leaf], rank);
  }

  /// Calls f(value, weight) in ascending order.
  template <class F>
  void for_each(F&& f) const {
    for (const Entry& entry : small_) f(entry.value, entry.weight);
    if (!large_) return;
    for (const auto& leaf : large_->leaves) {
      for (const Entry& entry : *leaf) f(entry.value, entry.weight);
    }
  }
  void add_all(const OrderedMultiset& other) {
    other.for_each([this](const T& value, std::int64_t weight) { add(value, weight); });
  }

  /// `write(value, out)` writes one value.
  template <class Write>
  void serialize(ByteWriter& out, Write&& write) const {
    out.varint(distinct());
    for_each([&](const T& value, std::int64_t weight) {
      write(value, out);
      out.fixed(weight);
    });
  }
  /// Into an empty one; `read(in)` gives a Result of T. Values out of order are an Error.
  template <class Read>
  Status deserialize(ByteReader& in, Read&& read) {
    DART_CHECK(empty());
    DART_TRY(const std::size_t count, in.count());
    const T* previous = nullptr;
    std::int64_t room = kMostWeight;
    for (std::size_t i = 0; i < count; ++i) {
      DART_TRY(T value, read(in));
      DART_TRY(const std::int64_t weight, in.template fixed<std::int64_t>());
      if (weight > room || weight < -room) {
        return fail(ErrorCode::Data, "the weights of an ordered multiset are too large");
      }
      room -= weight < 0 ? -weight : weight;
      if (weight == 0 || (previous != nullptr && !(*previous < value))) {
        return fail(ErrorCode::Data, "the values of an ordered multiset are out of order");
      }
      add(value, weight);
      previous = &last_leaf().back().value;
    }
    return {};
  }

  /// Heap bytes, those of the values themselves (long strings) left out.
  [[nodiscard]] std::size_t owned_bytes() const {
    std::size_t sum = small_.capacity() * sizeof(Entry);
    if (!large_) return sum;
    sum += sizeof(Directory) + large_->separators.capacity() * sizeof(T) +
           large_->leaves.capacity() * (sizeof(void*) + sizeof(std::int64_t));
    for (const auto& leaf : large_->leaves) sum += sizeof(Leaf) + leaf->capacity() * sizeof(Entry);
    return sum;
  }

 private:
  static constexpr std::size_t kLeafValues = 128;
  static constexpr std::size_t kMergeBelow = kLeafValues / 4;
  static constexpr std::size_t kGroup = 64;
  static constexpr std::int64_t kMostWeight = std::int64_t{1} << 62;

  using Leaf = std::vector<Entry>;
  struct Directory {
    std::vector<std::unique_ptr<Leaf>> leaves;
    std::vector<T> separators;  // separators[i] <= all of leaf i, > all of leaf i - 1; [0] is never read
    std::vector<std::int64_t> totals;        // by leaf
    std::vector<std::int64_t> group_totals;  // by kGroup leaves
  };

  template <class View>
  static void add_to(Leaf& leaf, const View& value, std::int64_t weight) {
    if (leaf.empty() || leaf.back().value < value) {
      leaf.push_back(Entry{T(value), weight});
      return;
    }
    const auto place = std::lower_bound(leaf.begin(), leaf.end(), value,
                                        [](const Entry& entry, const View& v) { return entry.value < v; });
    if (value < place->value) {
      leaf.insert(place, Entry{T(value), weight});
    } else if ((place->weight += weight) == 0) {
      leaf.erase(place);
    }
  }
  static const T* first_in(const Leaf& leaf) {
    for (const Entry& entry : leaf) {
      if (entry.weight > 0) return &entry.value;
    }
    return nullptr;
  }
  static const T* last_in(const Leaf& leaf) {
    for (auto entry = leaf.rbegin(); entry != leaf.rend(); ++entry) {
      if (entry->weight > 0) return &entry->value;
    }
    return nullptr;
  }
  static const T* rank_in(const Leaf& leaf, std::int64_t rank) {
    for (const Entry& entry : leaf) {
      if (rank < entry.weight) return &entry.value;
      rank -= entry.weight;
    }
    return nullptr;
  }
  static std::int64_t total_of(const Leaf& leaf) {
    std::int64_t sum = 0;
    for (const Entry& entry : leaf) sum += entry.weight;
    return sum;
  }
  const Leaf& last_leaf() const { return large_ ? *large_->leaves.back() : small_; }

  void grow() {
    large_ = std::make_unique<Directory>();
    large_->separators.push_back(small_.front().value);
    large_->leaves.push_back(std::make_unique<Leaf>(std::exchange(small_, {})));
    split(0);
  }

  template <class View>
  void add_large(const View& value, std::int64_t weight) {
    Directory& d = *large_;
    const auto above = std::upper_bound(d.separators.begin() + 1, d.separators.end(), value,
                                        [](const View& v, const T& separator) { return v < separator; });
    const auto index = static_cast<std::size_t>(above - d.separators.begin()) - 1;
    Leaf& leaf = *d.leaves[index];
    add_to(leaf, value, weight);
    d.totals[index] += weight;
    d.group_totals[index / kGroup] += weight;
    if (leaf.size() > kLeafValues) {
      split(index);
    } else if (leaf.size() < kMergeBelow) {
      merge(index);
    }
  }

  // A run of growing values fills its leaves: only the end is cut off there.
  void split(std::size_t index) {
    Directory& d = *large_;
    Leaf& leaf = *d.leaves[index];
    const bool last = index + 1 == d.leaves.size();
    const auto at = static_cast<std::ptrdiff_t>(last ? kLeafValues * 7 / 8 : kLeafValues / 2);
    auto right = std::make_unique<Leaf>(std::make_move_iterator(leaf.begin() + at),
                                        std::make_move_iterator(leaf.end()));
    leaf.erase(leaf.begin() + at, leaf.end());
    const auto next = static_cast<std::ptrdiff_t>(index) + 1;
    d.separators.insert(d.separators.begin() + next, right->front().value);
    d.leaves.insert(d.leaves.begin() + next, std::move(right));
    recount(index);
  }

  // Joins a leaf that became small with a neighbour where both fit well into one.
  void merge(std::size_t index) {
    Directory& d = *large_;
    const auto fits = [&](std::size_t i) {
      return i + 1 < d.leaves.size() && d.leaves[i]->size() + d.leaves[i + 1]->size() <= kLeafValues / 2;
    };
    const std::size_t left = index > 0 && !fits(index) ? index - 1 : index;
    if (fits(left)) {
      Leaf& into = *d.leaves[left];
      Leaf& from = *d.leaves[left + 1];
      into.insert(into.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
      const auto next = static_cast<std::ptrdiff_t>(left) + 1;
      d.separators.erase(d.separators.begin() + next);
      d.leaves.erase(d.leaves.begin() + next);
      recount(left);
    } else if (d.leaves[index]->empty()) {
      const auto at = static_cast<std::ptrdiff_t>(index);
      d.separators.erase(d.separators.begin() + at);
      d.leaves.erase(d.leaves.begin() + at);
      recount(index);
    }
    if (d.leaves.size() == 1) {
      small_ = std::move(*d.leaves.front());
      large_.reset();
    }
  }

  // Totals of the leaves from `index` on moved by one place.
  void recount(std::size_t index) {
    Directory& d = *large_;
    const std::size_t old_size = d.totals.size();
    const auto at = static_cast<std::ptrdiff_t>(std::min(index, old_size));
    if (d.leaves.size() > old_size) {
      d.totals.insert(d.totals.begin() + at, d.leaves.size() - old_size, 0);
    } else {
      d.totals.erase(d.totals.begin() + at);
    }
    for (std::size_t i = index; i < std::min(index + 2, d.leaves.size()); ++i) {
      d.totals[i] = total_of(*d.leaves[i]);
    }
    const std::size_t first = index / kGroup;
    d.group_totals.resize((d.leaves.size() + kGroup - 1) / kGroup);
    for (std::size_t g = first; g < d.group_totals.size(); ++g) {
      const std::size_t end = std::min((g + 1) * kGroup, d.totals.size());
      std::int64_t sum = 0;
      for (std::size_t i = g * kGroup; i < end; ++i) sum += d.totals[i];
      d.group_totals[g] = sum;
    }
  }

  Leaf small_;
  std::int64_t total_ = 0;
  std::unique_ptr<Directory> large_;
};

}  // namespace dart::columnar
