#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "columnar/aggregate.hpp"
#include "columnar/value.hpp"

namespace dart::columnar::testing {

/// One input row of an aggregate, as values.
struct InputRow {
  std::vector<Value> arguments;
  std::int64_t weight = 1;
  std::int64_t position = 0;
  std::uint32_t group = 0;
};

/// Binds an aggregate or fails the test.
inline BoundAggregate bind_aggregate(std::string_view name, const std::vector<LogicalType>& types,
                                     bool retracting = true, bool distinct = false,
                                     const std::vector<const Value*>& constants = {}) {
  std::vector<const Value*> all = constants;
  all.resize(types.size(), nullptr);
  auto resolved = resolve_aggregate(name, types, all, distinct, retracting);
  EXPECT_TRUE(resolved.has_value()) << (resolved ? "" : resolved.error().message);
  return resolved ? resolved->bound : BoundAggregate{};
}

/// The states of some groups of one aggregate, with space between them as in a row of several aggregates.
class States {
 public:
  States(const BoundAggregate& bound, std::vector<LogicalType> types, std::size_t groups = 1)
      : bound_(bound),
        types_(std::move(types)),
        stride_(bound.state_size + 8),
        bytes_((stride_ * groups + 7) / 8),
        groups_(groups) {
    for (std::size_t g = 0; g < groups_; ++g) bound_.init(parameters(), at(g));
  }
  ~States() {
    if (bound_.destroy == nullptr) return;
    for (std::size_t g = 0; g < groups_; ++g) bound_.destroy(parameters(), at(g));
  }
  States(const States&) = delete;
  States& operator=(const States&) = delete;

  /// Hands the rows in as one chunk, as the engine does: rows with NULL arguments are left out of the
  /// selection; weights, selection and groups are handed in only where they say something.
  void apply(const std::vector<InputRow>& rows) {
    if (rows.empty()) return;
    std::vector<Vector> columns(types_.size());
    std::vector<const Vector*> arguments;
    for (std::size_t a = 0; a < types_.size(); ++a) {
      columns[a].reset(types_[a], rows.size());
      for (std::size_t r = 0; r < rows.size(); ++r) columns[a].set_value(r, rows[r].arguments[a]);
      arguments.push_back(&columns[a]);
    }
    std::vector<std::uint32_t> groups;
    std::vector<std::uint32_t> selection;
    std::vector<std::int64_t> weights;
    std::vector<std::int64_t> positions;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      groups.push_back(rows[r].group);
      weights.push_back(rows[r].weight);
      positions.push_back(rows[r].position);
      const bool null = std::ranges::any_of(rows[r].arguments, [](const Value& v) { return v.is_null(); });
      if (!null || !bound_.skips_null) selection.push_back(static_cast<std::uint32_t>(r));
    }
    const bool all = selection.size() == rows.size();
    const bool weighted = std::ranges::any_of(weights, [](std::int64_t w) { return w != 1; });
    bound_.update(parameters(), {arguments, all ? nullptr : selection.data(), selection.size(),
                                 groups_ > 1 ? groups.data() : nullptr, weighted ? weights.data() : nullptr,
                                 positions.data(), at(0), stride_});
  }
  /// One row a value of a single argument.
  void take(const std::vector<Value>& values, std::int64_t weight = 1) {
    std::vector<InputRow> rows;
    for (const Value& value : values) {
      rows.push_back({{value}, weight, static_cast<std::int64_t>(next_position_++), 0});
    }
    apply(rows);
  }

  [[nodiscard]] Value result(std::size_t group = 0) {
    Vector out;
    out.reset(bound_.result, 1);
    out_of_range_ = bound_.finalize(parameters(), at(group), out, 0);
    return out.value(0);
  }
  [[nodiscard]] std::string text(std::size_t group = 0) { return result(group).to_string(); }
  /// Of the last result.
  [[nodiscard]] bool out_of_range() const { return out_of_range_; }

  void combine(const States& other) {
    bound_.combine_many(parameters(), at(0), other.at(0), stride_, groups_);
  }
  void combine_one(const States& other) { bound_.combine(parameters(), at(0), other.at(0)); }
  [[nodiscard]] std::string bytes(std::size_t group = 0) const {
    ByteWriter writer;
    bound_.serialize(parameters(), at(group), writer);
    return writer.take();
  }
  Status restore(std::string_view bytes, std::size_t group = 0) {
    ByteReader reader(bytes);
    return bound_.deserialize(parameters(), at(group), reader);
  }
  [[nodiscard]] std::size_t owned_bytes() const {
    return bound_.owned_bytes == nullptr ? 0 : bound_.owned_bytes(parameters(), at(0));
  }

 private:
  [[nodiscard]] const void* parameters() const { return bound_.parameters.get(); }
  [[nodiscard]] std::byte* at(std::size_t group) {
    return reinterpret_cast<std::byte*>(bytes_.data()) + group * stride_;
  }
  [[nodiscard]] const std::byte* at(std::size_t group) const {
    return reinterpret_cast<const std::byte*>(bytes_.data()) + group * stride_;
  }

  BoundAggregate bound_;
  std::vector<LogicalType> types_;
  std::size_t stride_;
  std::vector<std::uint64_t> bytes_;
  std::size_t groups_;
  std::size_t next_position_ = 0;
  bool out_of_range_ = false;
};

}  // namespace dart::columnar::testing
