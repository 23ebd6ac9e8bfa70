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
  static constexpr bool kGathers = true;
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

/// Whether `a` is nearer to the end than `b`.
template <End kEnd, class A, class B>
bool is_nearer(const A& a, const B& b) {
  return kEnd == End::Least ? a < b : a > b;
}

/// What the two aggregates below have in common: the best value yet, and whether there is one.
template <class T>
struct Best {
  T value;
  std::int64_t seen = 0;

  void serialize(ByteWriter& out) const {
    out.fixed(value);
    out.fixed(static_cast<std::uint8_t>(seen));
  }
  static Result<Best> read(ByteReader& in) {
    DART_TRY(const T value, in.fixed<T>());
    DART_TRY(const std::uint8_t seen, in.fixed<std::uint8_t>());
    if (seen > 1) return fail(ErrorCode::Data, "the state of min or max is damaged");
    return Best{value, seen};
  }
};

/// min and max of integers and times that are never taken out.
template <End kEnd>
class LatestInteger {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Vector& argument = *rows.arguments[0];
    const Argument<std::int64_t> values(argument);
    if (rows.groups != nullptr || rows.selection != nullptr || argument.is_constant()) {
      for_each_row<LatestInteger>(
          rows, [=](LatestInteger& state, std::size_t row, auto) { state.take(values[row]); });
      return;
    }
    const std::int64_t* const data = argument.data<std::int64_t>();
    std::int64_t best = kNothing;
    for (std::size_t row = 0; row < rows.count; ++row)
      best = is_nearer<kEnd>(data[row], best) ? data[row] : best;
    if (rows.count > 0) reinterpret_cast<LatestInteger*>(rows.states)->take(best);
  }
  void combine(const LatestInteger& other) {
    const std::int64_t value = other.best_.value;
    best_.value = is_nearer<kEnd>(value, best_.value) ? value : best_.value;
    best_.seen |= other.best_.seen;
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    if (best_.seen == 0) return no_result<std::int64_t>(out, row);
    out.mutable_data<std::int64_t>()[row] = best_.value;
    return false;
  }
  void serialize(ByteWriter& out) const { best_.serialize(out); }
  Status deserialize(ByteReader& in) {
    DART_TRY(const auto best, Best<std::int64_t>::read(in));
    if (best.seen == 1) take(best.value);
    return {};
  }

 private:
  static constexpr std::int64_t kNothing = kEnd == End::Least ? std::numeric_limits<std::int64_t>::max()
                                                              : std::numeric_limits<std::int64_t>::min();
  void take(std::int64_t value) {
    best_.value = is_nearer<kEnd>(value, best_.value) ? value : best_.value;
    best_.seen = 1;
  }

  Best<std::int64_t> best_{kNothing};
};

/// min and max of doubles that are never taken out. NaN is above all numbers, which one comparison does not
/// say; so a batch is first searched for it.
template <End kEnd>
class LatestDouble {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Vector& argument = *rows.arguments[0];
    const double* const data = argument.data<double>();
    const bool plain = !argument.is_constant() && all_ordinary(data, rows.selection, rows.count);
    if (plain && rows.groups == nullptr && rows.selection == nullptr && rows.count > 0) {
      reinterpret_cast<LatestDouble*>(rows.states)->take_number(best_of(data, rows.count));
    } else if (plain) {
      for_each_row<LatestDouble>(
          rows, [=](LatestDouble& state, std::size_t row, auto) { state.take_number(data[row]); });
    } else {
      const Argument<double> values(argument);
      for_each_row<LatestDouble>(
          rows, [=](LatestDouble& state, std::size_t row, auto) { state.take(values[row]); });
    }
  }
  void combine(const LatestDouble& other) {
    if (other.best_.seen != 0) take(other.best_.value);
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    if (best_.seen == 0) return no_result<double>(out, row);
    out.mutable_data<double>()[row] = from_ordered_key(ordered_key(best_.value));
    return false;
  }
  void serialize(ByteWriter& out) const { best_.serialize(out); }
  Status deserialize(ByteReader& in) {
    DART_TRY(const auto best, Best<double>::read(in));
    if (best.seen == 1) take(best.value);
    return {};
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  // Of ordinary values. As integers, because that loop becomes vector instructions.
  static double best_of(const double* values, std::size_t count) {
    std::int64_t best = number_key(values[0]);
    for (std::size_t row = 1; row < count; ++row) {
      const std::int64_t key = number_key(values[row]);
      best = is_nearer<kEnd>(key, best) ? key : best;
    }
    return from_ordered_key(best);
  }
  // Nothing is nearer than NaN for max, and everything for min: !(best < value) is true for a NaN held.
  void take_number(double value) {
    if constexpr (kEnd == End::Least) {
      best_.value = best_.value < value ? best_.value : value;
    } else {
      best_.value = value > best_.value ? value : best_.value;
    }
    best_.seen = 1;
  }
  void take(double value) {
    if (value == value) {
      take_number(value);
    } else if (kEnd == End::Greatest || best_.seen == 0) {
      best_ = {value, 1};
    }
  }

  Best<double> best_{kEnd == End::Least ? kInfinity : -kInfinity};
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
    } else if (is_nearer<kEnd>(value, *best_)) {
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
    if constexpr (std::is_same_v<T, std::int64_t>) {
      return bound_as<LatestInteger<kEnd>>(type);
    } else if constexpr (std::is_same_v<T, double>) {
      return bound_as<LatestDouble<kEnd>>(type);
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
