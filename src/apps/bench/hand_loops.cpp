#include "apps/bench/hand_loops.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <vector>

namespace dart::apps::bench {

namespace {

constexpr std::size_t kBatch = 4096;
constexpr std::size_t kSlots = 4096;
constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;
constexpr std::int64_t kSecond = 1'000'000;
constexpr double kNothing = -std::numeric_limits<double>::infinity();

/// Eight sums side by side: one would wait for every addition before it.
double sum_of(const double* values, std::size_t count) {
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) sums[k] += values[i + k];
  }
  for (; i < count; ++i) sums[0] += values[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// Open addressing over 4,096 slots of one key's running state each. A slot has 32 bytes, so that one row
/// touches one cache line.
struct alignas(32) Slot {
  std::int64_t key = kFree;
  double sum = 0;
  double max = kNothing;
  std::int32_t count = 0;
  std::int32_t place = -1;  ///< (c): the key's place in the columns of panes

  static constexpr std::int64_t kFree = std::numeric_limits<std::int64_t>::min();
};
using Slots = std::vector<Slot>;

inline Slot& find(Slot* slots, std::int64_t key) {
  std::size_t place = (static_cast<std::uint64_t>(key) * kGolden) >> 52;
  while (slots[place].key != key) {
    if (slots[place].key == Slot::kFree) {
      slots[place].key = key;
      break;
    }
    place = (place + 1) & (kSlots - 1);
  }
  return slots[place];
}

}  // namespace

HandResult hand_filter_map(std::span<const double> value) {
  std::vector<double> kept(kBatch);
  std::vector<double> mapped(kBatch);
  HandResult result;
  for (std::size_t begin = 0; begin < value.size(); begin += kBatch) {
    const double* batch = value.data() + begin;
    const std::size_t rows = std::min(kBatch, value.size() - begin);
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      kept[count] = batch[i];
      count += static_cast<std::size_t>(batch[i] >= 50.0);
    }
    for (std::size_t i = 0; i < count; ++i) mapped[i] = kept[i] * 1.8 + 32.0;
    result.published[0] += sum_of(mapped.data(), count);
    result.rows += count;
  }
  result.sums[0] = result.published[0];
  return result;
}

HandResult hand_tumble(std::span<const std::int64_t> ts, std::span<const std::int64_t> key,
                       std::span<const double> value) {
  constexpr std::int64_t kSize = 10 * kSecond;
  Slots table(kSlots);
  Slot* slots = table.data();
  HandResult result;
  for (std::size_t i = 0; i < ts.size();) {
    const std::int64_t window_end = (ts[i] / kSize + 1) * kSize;
    for (; i < ts.size() && ts[i] < window_end; ++i) {
      Slot& slot = find(slots, key[i]);
      slot.sum += value[i];
      ++slot.count;
    }
    for (Slot& slot : table) {
      if (slot.count == 0) continue;
      result.published[0] += slot.sum / static_cast<double>(slot.count);
      ++result.rows;
      slot.sum = 0;
      slot.count = 0;
    }
  }
  result.sums[0] = result.published[0];
  return result;
}

namespace {

/// The complete panes of (c): for each of the last 60 seconds a column of sums, counts and maxima over the
/// keys.
class Panes {
 public:
  static constexpr std::int64_t kPanes = 60;

  /// The pane of second `second` is complete: it goes to the others, and `slots` start anew.
  void close(std::int64_t second, Slots& slots) {
    const std::size_t base = static_cast<std::size_t>(second % kPanes) * kSlots;
    for (Slot& slot : slots) {
      if (slot.key == Slot::kFree) continue;
      if (slot.place < 0) slot.place = static_cast<std::int32_t>(keys_++);
      const std::size_t cell = base + static_cast<std::size_t>(slot.place);
      sums_[cell] = slot.sum;
      maxima_[cell] = slot.max;
      counts_[cell] = static_cast<double>(slot.count);
      slot = {slot.key, 0, kNothing, 0, slot.place};
    }
  }

  /// Combines the panes of [from, to] and adds the windows' results.
  void combine(std::int64_t from, std::int64_t to, HandResult& result) {
    std::fill_n(sum_.begin(), keys_, 0.0);
    std::fill_n(max_.begin(), keys_, kNothing);
    std::fill_n(count_.begin(), keys_, 0.0);
    for (std::int64_t second = from; second <= to; ++second) {
      const std::size_t base = static_cast<std::size_t>(second % kPanes) * kSlots;
      add_pane(&sums_[base], &maxima_[base], &counts_[base]);
    }
    for (std::size_t k = 0; k < keys_; ++k) {
      if (count_[k] == 0) continue;
      const double average = sum_[k] / count_[k];
      ++result.rows;
      result.published[0] += count_[k];
      result.published[1] += average;
      result.published[2] += average + max_[k];
      result.sums[0] += sum_[k];
      result.sums[1] += count_[k];
      result.sums[2] += max_[k];
    }
  }

 private:
  void add_pane(const double* sums, const double* maxima, const double* counts) {
    for (std::size_t k = 0; k < keys_; ++k) sum_[k] += sums[k];
    for (std::size_t k = 0; k < keys_; ++k) max_[k] = maxima[k] > max_[k] ? maxima[k] : max_[k];
    for (std::size_t k = 0; k < keys_; ++k) count_[k] += counts[k];
  }

  std::size_t keys_ = 0;
  std::vector<double> sums_ = std::vector<double>(kPanes * kSlots);
  std::vector<double> maxima_ = std::vector<double>(kPanes * kSlots, kNothing);
  std::vector<double> counts_ = std::vector<double>(kPanes * kSlots);
  std::vector<double> sum_ = std::vector<double>(kSlots);
  std::vector<double> max_ = std::vector<double>(kSlots);
  std::vector<double> count_ = std::vector<double>(kSlots);
};

}  // namespace

HandResult hand_hop(std::span<const std::int64_t> ts, std::span<const std::int64_t> key,
                    std::span<const double> value) {
  Panes panes;
  Slots table(kSlots);
  Slot* slots = table.data();
  HandResult result;
  std::int64_t second = 0;
  for (std::size_t i = 0; i < ts.size(); ++second) {
    const std::int64_t pane_end = (second + 1) * kSecond;
    for (; i < ts.size() && ts[i] < pane_end; ++i) {
      Slot& slot = find(slots, key[i]);
      slot.sum += value[i];
      slot.max = value[i] > slot.max ? value[i] : slot.max;
      ++slot.count;
    }
    panes.close(second, table);
    if (second >= Panes::kPanes - 1) panes.combine(second - Panes::kPanes + 1, second, result);
  }
  for (std::int64_t from = std::max<std::int64_t>(0, second - Panes::kPanes + 1); from < second; ++from) {
    panes.combine(from, second - 1, result);
  }
  return result;
}

HandResult hand_running_count(std::span<const std::uint32_t> offsets, const char* bytes) {
  struct Slot {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::int64_t count = 0;
  };
  constexpr unsigned kBits = 15;
  std::vector<Slot> slots(std::size_t{1} << kBits);
  std::array<std::array<std::uint64_t, 2>, 17> masks{};
  for (std::size_t length = 0; length <= 16; ++length) std::memset(masks[length].data(), 0xFF, length);

  HandResult result;
  std::int64_t sum = 0;
  std::uint64_t words = 0;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const auto& mask = masks[offsets[i + 1] - offsets[i]];
    std::array<std::uint64_t, 2> word;
    std::memcpy(word.data(), bytes + offsets[i], 16);
    word[0] &= mask[0];
    word[1] &= mask[1];
    std::size_t place = ((word[0] ^ (word[1] * kGolden)) * kGolden) >> (64 - kBits);
    while (slots[place].count != 0 && (slots[place].low != word[0] || slots[place].high != word[1])) {
      place = (place + 1) & (slots.size() - 1);
    }
    Slot& slot = slots[place];
    if (slot.count == 0) {
      slot = {word[0], word[1], 0};
      ++words;
    }
    sum += ++slot.count;
  }
  result.rows = offsets.size() - 1;
  result.published = {static_cast<double>(sum), static_cast<double>(words), 0};
  result.sums[0] = result.published[0];
  return result;
}

}  // namespace dart::apps::bench
