#include <array>
#include <limits>
#include <optional>

#include "columnar/aggregates/held_value.hpp"
#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"
#include "columnar/ordered_multiset.hpp"

namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

enum class End : std::uint8_t { Least, Greatest };

/// min and max under retraction: every value is kept.
template <class T, End kEnd>
class KeptExtreme {
 public:
  using Stored = typename Held<T>::Stored;

  static void update(Parameters, const AggregateRows& rows) {
    const Argument<T> values(*rows.arguments[0]);
    for_each_row<KeptExtreme>(rows, [=](KeptExtreme& state, std::size_t row, auto weight) {
      state.values_.add(Held<T>::view(values[row]), weight);
    });
  }
  void combine(const KeptExtreme& other) { values_.add_all(other.values_); }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    const Stored* value = kEnd == End::Least ? values_.min() : values_.max();
    if (value == nullptr) return no_result<T>(out, row);
    Held<T>::write(*value, out, row);
    return false;
  }
  void serialize(ByteWriter& out) const {
    values_.serialize(out, [](const Stored& value, ByteWriter& to) { write_stored(value, to); });
  }
  Status deserialize(ByteReader& in) {
    return values_.deserialize(in, [](ByteReader& from) { return read_stored<Stored>(from); });
  }
  [[nodiscard]] std::size_t owned_bytes() const { return values_.owned_bytes(); }

 private:
  OrderedMultiset<Stored> values_;
};

/// min and max of numbers that are never taken out. Doubles are held by their ordered key, and the key that
/// no double has stands for "nothing yet"; int64 needs a flag, kept without a branch.
template <class T, End kEnd>
class LatestExtreme {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Argument<T> values(*rows.arguments[0]);
    for_each_row<LatestExtreme>(
        rows, [=](LatestExtreme& state, std::size_t row, auto) { state.take(Held<T>::view(values[row])); });
  }
  void combine(const LatestExtreme& other) {
    best_ = better(best_, other.best_);
    seen_ |= other.seen_;
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    Held<T>::write(seen_ ? best_ : 0, out, row);
    if (!seen_) out.set_null(row);
    return false;
  }
  void serialize(ByteWriter& out) const {
    out.fixed(best_);
    out.fixed(static_cast<std::uint8_t>(seen_));
  }
  Status deserialize(ByteReader& in) {
    DART_TRY(const std::int64_t best, in.fixed<std::int64_t>());
    DART_TRY(const std::uint8_t seen, in.fixed<std::uint8_t>());
    if (seen > 1) return fail(ErrorCode::Data, "the state of min or max is damaged");
    if (seen == 1) take(best);
    return {};
  }

 private:
  static constexpr std::int64_t kNothing = kEnd == End::Least ? std::numeric_limits<std::int64_t>::max()
                                                              : std::numeric_limits<std::int64_t>::min();
  static std::int64_t better(std::int64_t a, std::int64_t b) {
    return kEnd == End::Least ? (a < b ? a : b) : (a > b ? a : b);
  }
  void take(std::int64_t value) {
    best_ = better(best_, value);
    seen_ = 1;
  }

  std::int64_t best_ = kNothing;
  std::int64_t seen_ = 0;
};

/// The same for what does not fit a word.
template <class T, End kEnd>
class LatestWide {
 public:
  using Stored = typename Held<T>::Stored;

  static void update(Parameters, const AggregateRows& rows) {
    const Argument<T> values(*rows.arguments[0]);
    for_each_row<LatestWide>(
        rows, [=](LatestWide& state, std::size_t row, auto) { state.take(Held<T>::view(values[row])); });
  }
  void combine(const LatestWide& other) {
    if (other.best_) take(*other.best_);
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    if (!best_) return no_result<T>(out, row);
    Held<T>::write(*best_, out, row);
    return false;
  }
  void serialize(ByteWriter& out) const {
    out.fixed(static_cast<std::uint8_t>(best_ ? 1 : 0));
    if (best_) write_stored(*best_, out);
  }
  Status deserialize(ByteReader& in) {
    DART_TRY(const std::uint8_t seen, in.fixed<std::uint8_t>());
    if (seen > 1) return fail(ErrorCode::Data, "the state of min or max is damaged");
    if (seen == 0) return {};
    DART_TRY(Stored best, read_stored<Stored>(in));
    best_ = std::make_unique<Stored>(std::move(best));
    return {};
  }
  [[nodiscard]] std::size_t owned_bytes() const { return best_ ? sizeof(Stored) : 0; }

 private:
  template <class View>
  void take(const View& value) {
    if (!best_) {
      best_ = std::make_unique<Stored>(value);
    } else if (kEnd == End::Least ? value < *best_ : value > *best_) {
      *best_ = value;
    }
  }

  // On the heap: a state must be movable by its bytes, a std::string is not.
  std::unique_ptr<Stored> best_;
};

template <End kEnd>
Result<BoundAggregate> bind_extreme(std::span<const LogicalType> types, std::span<const Value* const>,
                                    bool retracting) {
  const LogicalType type = types[0];
  BoundAggregate bound = visit_physical(type.physical(), [&](auto tag) {
    using T = decltype(tag);
    if (retracting) return bound_as<KeptExtreme<T, kEnd>>(type);
    if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>) {
      return bound_as<LatestExtreme<T, kEnd>>(type);
    } else {
      return bound_as<LatestWide<T, kEnd>>(type);
    }
  });
  bound.retractable = retracting;
  return bound;
}

}  // namespace

std::span<const AggregateFunction> extreme_aggregates() {
  static const std::vector<AggregateFunction> kList = [] {
    std::vector<AggregateFunction> list;
    for (const TypeId type : {TypeId::Int, TypeId::BigInt, TypeId::Double, TypeId::Numeric, TypeId::Text,
                              TypeId::Timestamp, TypeId::TimestampTz, TypeId::Interval}) {
      list.push_back({"min", {type}, bind_extreme<End::Least>, "the least value"});
      list.push_back({"max", {type}, bind_extreme<End::Greatest>, "the greatest value"});
    }
    return list;
  }();
  return kList;
}

}  // namespace dart::columnar
