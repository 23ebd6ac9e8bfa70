#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "columnar/aggregates/exact.hpp"
#include "columnar/aggregates/held_value.hpp"
#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"
#include "columnar/ordered_multiset.hpp"
#include "columnar/value.hpp"

namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

/// All values of the last argument in order.
template <class T>
class Ordered {
 public:
  static constexpr bool kGathers = true;
  using Stored = typename Held<T>::Stored;

  static void update(Parameters, const AggregateRows& rows) {
    const Argument<T> values(*rows.arguments.back());
    for_each_row<Ordered>(rows, [=](Ordered& state, std::size_t row, auto weight) {
      state.values_.add(Held<T>::view(values[row]), weight);
    });
  }
  void combine(const Ordered& other) { values_.add_all(other.values_); }
  void serialize(ByteWriter& out) const {
    values_.serialize(out, [](const Stored& value, ByteWriter& to) { write_stored(value, to); });
  }
  Status deserialize(ByteReader& in) {
    return values_.deserialize(in, [](ByteReader& from) { return read_stored<Stored>(from); });
  }
  [[nodiscard]] std::size_t owned_bytes() const { return values_.owned_bytes(); }

 protected:
  OrderedMultiset<Stored> values_;
};

/// The fraction as given, and as a decimal: what is typed as 0.1 is a tenth for exact types.
struct Fraction {
  static constexpr std::int64_t kWhole = 1'000'000'000'000'000;
  std::optional<double> value;  ///< absent for NULL: so is the result
  std::int64_t parts = 0;       ///< of kWhole
  int more_digits = 0;          ///< numeric results: digits more than the argument has
};
const Fraction& fraction_of(Parameters parameters) { return *static_cast<const Fraction*>(parameters); }

/// percentile_cont of double and interval, computed as PostgreSQL does: in doubles.
template <class T>
class Continuous : public Ordered<T> {
 public:
  bool finalize(Parameters parameters, Vector& out, std::size_t row) const {
    const std::int64_t total = this->values_.total();
    const Fraction& fraction = fraction_of(parameters);
    if (total <= 0 || !fraction.value) return no_result<T>(out, row, false);
    const double place = *fraction.value * static_cast<double>(total - 1);
    const auto first = static_cast<std::int64_t>(std::floor(place));
    const std::int64_t* low = this->values_.at_rank(first);
    const std::int64_t* high = this->values_.at_rank(static_cast<std::int64_t>(std::ceil(place)));
    if (low == nullptr || high == nullptr) return no_result<T>(out, row, false);
    const double part = place - static_cast<double>(first);
    if constexpr (std::is_same_v<T, double>) {
      const double a = from_ordered_key(*low);
      const double b = from_ordered_key(*high);
      out.mutable_data<double>()[row] = low == high ? a : a + part * (b - a);
    } else {
      const double step = part * (static_cast<double>(*high) - static_cast<double>(*low));
      out.mutable_data<T>()[row] = *low + static_cast<std::int64_t>(std::rint(step));
    }
    return false;
  }
};

/// percentile_cont of numeric, exact.
template <class T>
class ExactContinuous : public Ordered<T> {
 public:
  bool finalize(Parameters parameters, Vector& out, std::size_t row) const {
    const std::int64_t total = this->values_.total();
    const Fraction& fraction = fraction_of(parameters);
    if (total <= 0 || !fraction.value) return no_result<int128>(out, row, false);
    const int128 place = static_cast<int128>(fraction.parts) * (total - 1);
    const auto first = static_cast<std::int64_t>(place / Fraction::kWhole);
    const auto part = static_cast<std::int64_t>(place % Fraction::kWhole);
    const auto* low = this->values_.at_rank(first);
    const auto* high = part == 0 ? low : this->values_.at_rank(first + 1);
    if (low == nullptr || high == nullptr) return no_result<int128>(out, row, false);
    int128 result = 0;
    if (!exact_between(*low, *high, part, Fraction::kWhole, fraction.more_digits, result)) {
      return no_result<int128>(out, row, true);
    }
    out.mutable_data<int128>()[row] = result;
    return false;
  }
};

/// percentile_disc: the first value that at least this fraction of the rows does not exceed.
template <class T>
class Discrete : public Ordered<T> {
 public:
  bool finalize(Parameters parameters, Vector& out, std::size_t row) const {
    const std::int64_t total = this->values_.total();
    const Fraction& fraction = fraction_of(parameters);
    if (total <= 0 || !fraction.value) return no_result<T>(out, row, false);
    const auto place = static_cast<std::int64_t>(std::ceil(*fraction.value * static_cast<double>(total)));
    const auto* value = this->values_.at_rank(place > 0 ? place - 1 : 0);
    if (value == nullptr) return no_result<T>(out, row, false);
    Held<T>::write(*value, out, row);
    return false;
  }
};

/// mode: the most frequent value, the least of several.
template <class T>
class MostFrequent : public Ordered<T> {
 public:
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    const typename Ordered<T>::Stored* best = nullptr;
    std::int64_t most = 0;
    this->values_.for_each([&](const auto& value, std::int64_t weight) {
      if (weight <= most) return;
      most = weight;
      best = &value;
    });
    if (best == nullptr) return no_result<T>(out, row, false);
    Held<T>::write(*best, out, row);
    return false;
  }
};

Result<double> to_double(const Value& value) {
  switch (value.type().id) {
    case TypeId::Double:
      return value.real();
    case TypeId::Int:
    case TypeId::BigInt:
      return static_cast<double>(value.bigint());
    case TypeId::Numeric: {
      const double unscaled = value.type().physical() == PhysicalType::Int128
                                  ? static_cast<double>(value.get<int128>())
                                  : static_cast<double>(value.bigint());
      return unscaled / std::pow(10.0, value.type().scale);
    }
    default:
      break;
  }
  double parsed = 0;
  if (value.type().physical() == PhysicalType::String) {
    const std::string& text = value.text();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error == std::errc() && end == text.data() + text.size()) return parsed;
  }
  return fail(ErrorCode::Binding, "the fraction of a percentile is a number");
}

Result<std::shared_ptr<Fraction>> make_fraction(const Value* constant) {
  if (constant == nullptr) {
    return fail(ErrorCode::Unsupported, "the fraction of a percentile must be a constant");
  }
  auto fraction = std::make_shared<Fraction>();
  if (constant->is_null()) return fraction;
  DART_TRY(const double value, to_double(*constant));
  if (!(value >= 0 && value <= 1)) {
    return fail(ErrorCode::Binding, fmt::format("percentile value {} is not between 0 and 1", value));
  }
  fraction->value = value;
  fraction->parts = std::llround(value * static_cast<double>(Fraction::kWhole));
  return fraction;
}

BoundAggregate continuous(LogicalType type, const std::shared_ptr<Fraction>& fraction) {
  if (type.id == TypeId::Double) return bound_as<Continuous<double>>(type, fraction);
  if (type.id == TypeId::Interval) return bound_as<Continuous<std::int64_t>>(type, fraction);
  const int scale = std::max<int>(kDefaultScale, type.scale);
  fraction->more_digits = scale - type.scale;
  const auto result = LogicalType::numeric(kMaxPrecision, scale);
  return type.physical() == PhysicalType::Int128 ? bound_as<ExactContinuous<int128>>(result, fraction)
                                                 : bound_as<ExactContinuous<std::int64_t>>(result, fraction);
}

Result<BoundAggregate> bind_median(std::span<const LogicalType> types, std::span<const Value* const>, bool) {
  const Value half = Value::real(0.5);
  DART_TRY(const auto fraction, make_fraction(&half));
  return continuous(types[0], fraction);
}

Result<BoundAggregate> bind_continuous(std::span<const LogicalType> types,
                                       std::span<const Value* const> constants, bool) {
  DART_TRY(const auto fraction, make_fraction(constants[0]));
  BoundAggregate bound = continuous(types[1], fraction);
  return bound;
}

Result<BoundAggregate> bind_discrete(std::span<const LogicalType> types,
                                     std::span<const Value* const> constants, bool) {
  DART_TRY(const auto fraction, make_fraction(constants[0]));
  return visit_physical(types[1].physical(),
                        [&](auto tag) { return bound_as<Discrete<decltype(tag)>>(types[1], fraction); });
}

Result<BoundAggregate> bind_mode(std::span<const LogicalType> types, std::span<const Value* const>, bool) {
  return visit_physical(types[0].physical(),
                        [&](auto tag) { return bound_as<MostFrequent<decltype(tag)>>(types[0]); });
}

}  // namespace

std::span<const AggregateFunction> percentile_aggregates() {
  constexpr std::string_view kMedian = "the middle value, or the mean of the two middle ones";
  constexpr std::string_view kContinuous = "the value below which a fraction of the rows lies, interpolated";
  static const std::array kList = {
      AggregateFunction{"median", {TypeId::Double}, bind_median, kMedian},
      AggregateFunction{"median", {TypeId::Numeric}, bind_median, kMedian},
      AggregateFunction{"median", {TypeId::Interval}, bind_median, kMedian},
      AggregateFunction{"percentile_cont", {TypeId::Double, TypeId::Double}, bind_continuous, kContinuous},
      AggregateFunction{"percentile_cont", {TypeId::Double, TypeId::Numeric}, bind_continuous, kContinuous},
      AggregateFunction{"percentile_cont", {TypeId::Double, TypeId::Interval}, bind_continuous, kContinuous},
      AggregateFunction{"percentile_disc",
                        {TypeId::Double, TypeId::Null},
                        bind_discrete,
                        "the first value that a fraction of the rows does not exceed"},
      AggregateFunction{"mode", {TypeId::Null}, bind_mode, "the most frequent value, the least of several"},
  };
  return kList;
}

}  // namespace dart::columnar
