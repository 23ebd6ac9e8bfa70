#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/ring_truth.hpp"
#include "sim/trouble_log.hpp"
#include "sim/world.hpp"

namespace dart::sim {

/// Broken promises, in words. A checker adds to this list and goes on.
class Violations {
 public:
  void add(std::string what) {
    ++count_;
    if (list_.size() < kKept) list_.push_back(std::move(what));
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] const std::vector<std::string>& list() const { return list_; }

 private:
  static constexpr std::size_t kKept = 8;
  std::vector<std::string> list_;
  std::uint64_t count_ = 0;
};

/// Whether a machine would answer for `key` at this moment.
[[nodiscard]] bool answers(const World& world, std::uint32_t machine, const Key& key);

/// Property: inside one connected part no key is answered by two nodes at one moment. Doubles of nodes that
/// were in different parts are only counted, until a healed partition had time to become one ring.
class SingleRootChecker {
 public:
  explicit SingleRootChecker(std::int64_t merge_within_us) : merge_within_us_(merge_within_us) {}

  /// `machine` delivers for `key` at this moment.
  void on_deliver(const World& world, const TroubleLog& troubles, std::uint32_t machine, const Key& key,
                  Violations& violations);
  /// Whoever answers for `key` at this moment.
  void look(const World& world, const TroubleLog& troubles, const Key& key, Violations& violations);
  [[nodiscard]] std::uint64_t partition_doubles() const { return partition_doubles_; }

 private:
  std::int64_t merge_within_us_;
  std::uint64_t partition_doubles_ = 0;
};

/// Property: in a quiet ring every leaf set is exactly what the sorted list of live nodes says, each
/// under its true incarnation. Empty when it holds, otherwise what is wrong first.
[[nodiscard]] std::string wrong_leaf_set(const World& world);

/// The live machines as a sorted list.
[[nodiscard]] RingTruth truth_of(const World& world);

/// Property: of one id at most one life is a member.
void check_one_life(const World& world, Violations& violations);

/// Property: an idle node keeps within its share of memory.
void check_memory(const World& world, std::size_t most_bytes, Violations& violations);

/// Properties of requests: a receipt means that somebody delivered; in a quiet ring each is delivered in
/// time, at the true root.
class RequestChecker {
 public:
  struct Entry {
    Key key;
    std::uint32_t origin = 0;
    std::int64_t sent_us = 0;
    std::int64_t delivered_us = 0;
    std::uint32_t by = 0;
    bool delivered = false;
    bool receipt = false;
    bool failed = false;
  };
  std::uint64_t add(const Key& key, std::uint32_t origin, std::int64_t now_us) {
    entries_.push_back({key, origin, now_us});
    return entries_.size() - 1;
  }
  void on_deliver(std::uint64_t request, std::uint32_t machine, std::int64_t now_us);
  void on_receipt(std::uint64_t request, Violations& violations);
  void on_failed(std::uint64_t request) {
    if (request < entries_.size()) entries_[request].failed = true;
  }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace dart::sim
