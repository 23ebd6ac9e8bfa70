#include <array>
#include <memory>
#include <string>
#include <utility>

#include "columnar/aggregates/held_value.hpp"
#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"
#include "columnar/ordered_multiset.hpp"

/// first, last and string_agg: what depends on the order of the rows.
namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

/// A value at the place of its row. Several values of one place (rows that one row of the table became) are
/// ordered by value, NULL last, so that the result does not depend on how they arrive.
template <class V>
struct Placed {
  std::int64_t position = 0;
  bool null = false;
  V value{};

  Placed() = default;
  Placed(std::int64_t at, bool is_null, V v) : position(at), null(is_null), value(std::move(v)) {}
  template <class W>
  explicit Placed(const Placed<W>& other) : position(other.position), null(other.null), value(other.value) {}
};

template <class A, class B>
bool operator<(const Placed<A>& a, const Placed<B>& b) {
  if (a.position != b.position) return a.position < b.position;
  if (a.null != b.null) return b.null;
  return !a.null && a.value < b.value;
}

template <class V>
void write_placed(const Placed<V>& placed, ByteWriter& out) {
  out.fixed(placed.position);
  out.fixed(static_cast<std::uint8_t>(placed.null));
  if (!placed.null) write_stored(placed.value, out);
}
template <class V>
Result<Placed<V>> read_placed(ByteReader& in) {
  Placed<V> placed;
  DART_TRY(placed.position, in.fixed<std::int64_t>());
  DART_TRY(const std::uint8_t null, in.fixed<std::uint8_t>());
  if (null > 1) return fail(ErrorCode::Data, "the state of first or last is damaged");
  placed.null = null == 1;
  if (!placed.null) {
    DART_TRY(placed.value, read_stored<V>(in));
  }
  return placed;
}

/// Calls f(state, placed value, weight) for every row.
template <class State, class T, class F>
void for_each_placed(const AggregateRows& rows, F&& f) {
  const Vector& argument = *rows.arguments[0];
  const Argument<T> values(argument);
  const std::int64_t* const positions = rows.positions;
  using View = decltype(Held<T>::view(values[0]));
  for_each_row<State>(rows, [&](State& state, std::size_t row, auto weight) {
    const std::int64_t position = positions != nullptr ? positions[row] : 0;
    const bool null = argument.is_null(row);
    f(state, Placed<View>(position, null, null ? View{} : Held<T>::view(values[row])), weight);
  });
}

template <class T, class V>
bool write_result(const Placed<V>* placed, Vector& out, std::size_t row) {
  if (placed == nullptr || placed->null) return no_result<T>(out, row);
  Held<T>::write(placed->value, out, row);
  return false;
}

/// first and last under retraction: every value is kept.
template <class T, bool kLast>
class KeptPlaced {
 public:
  static constexpr bool kGathers = true;
  using Stored = Placed<typename Held<T>::Stored>;

  static void update(Parameters, const AggregateRows& rows) {
    for_each_placed<KeptPlaced, T>(rows, [](KeptPlaced& state, const auto& placed, std::int64_t weight) {
      state.values_.add(placed, weight);
    });
  }
  void combine(const KeptPlaced& other) { values_.add_all(other.values_); }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    return write_result<T>(kLast ? values_.max() : values_.min(), out, row);
  }
  void serialize(ByteWriter& out) const {
    values_.serialize(out, [](const Stored& placed, ByteWriter& to) { write_placed(placed, to); });
  }
  Status deserialize(ByteReader& in) {
    return values_.deserialize(in,
                               [](ByteReader& from) { return read_placed<typename Held<T>::Stored>(from); });
  }
  [[nodiscard]] std::size_t owned_bytes() const { return values_.owned_bytes(); }

 private:
  OrderedMultiset<Stored> values_;
};

/// first and last of rows that are never taken out: only the best one is kept. On the heap where a state
/// could not be moved by its bytes.
template <class T, bool kLast>
class LatestPlaced {
 public:
  using Stored = Placed<typename Held<T>::Stored>;

  static void update(Parameters, const AggregateRows& rows) {
    for_each_placed<LatestPlaced, T>(
        rows, [](LatestPlaced& state, const auto& placed, std::int64_t) { state.take(placed); });
  }
  void combine(const LatestPlaced& other) {
    if (other.best_) take(*other.best_);
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    return write_result<T>(best_.get(), out, row);
  }
  void serialize(ByteWriter& out) const {
    out.fixed(static_cast<std::uint8_t>(best_ ? 1 : 0));
    if (best_) write_placed(*best_, out);
  }
  Status deserialize(ByteReader& in) {
    DART_TRY(const std::uint8_t seen, in.fixed<std::uint8_t>());
    if (seen > 1) return fail(ErrorCode::Data, "the state of first or last is damaged");
    if (seen == 0) return {};
    DART_TRY(const Stored best, read_placed<typename Held<T>::Stored>(in));
    best_ = std::make_unique<Stored>(best);
    return {};
  }
  [[nodiscard]] std::size_t owned_bytes() const { return best_ ? sizeof(Stored) : 0; }

 private:
  template <class V>
  void take(const Placed<V>& placed) {
    if (!best_) {
      best_ = std::make_unique<Stored>(placed);
    } else if (kLast ? *best_ < placed : placed < *best_) {
      best_->position = placed.position;
      best_->null = placed.null;
      best_->value = placed.value;
    }
  }

  std::unique_ptr<Stored> best_;
};

/// A text and the delimiter that goes in front of it unless it is the first.
struct Piece {
  std::string text;
  std::string delimiter;

  friend bool operator<(const Piece& a, const Piece& b) {
    return a.text != b.text ? a.text < b.text : a.delimiter < b.delimiter;
  }
};
void write_stored(const Piece& piece, ByteWriter& out) {
  out.text(piece.text);
  out.text(piece.delimiter);
}

/// string_agg: NULL texts are left out, a NULL delimiter is empty.
class Joined {
 public:
  static constexpr bool kGathers = true;
  using Stored = Placed<Piece>;

  static void update(Parameters, const AggregateRows& rows) {
    const Vector& texts = *rows.arguments[0];
    const Vector& delimiters = *rows.arguments[1];
    for_each_row<Joined>(rows, [&](Joined& state, std::size_t row, auto weight) {
      if (texts.is_null(row)) return;
      Piece piece{std::string(texts.at<StringRef>(row).view()), {}};
      if (!delimiters.is_null(row)) piece.delimiter = delimiters.at<StringRef>(row).view();
      const std::int64_t position = rows.positions != nullptr ? rows.positions[row] : 0;
      state.pieces_.add(Stored(position, false, std::move(piece)), weight);
    });
  }
  void combine(const Joined& other) { pieces_.add_all(other.pieces_); }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    int128 length = 0;
    pieces_.for_each([&](const Stored& placed, std::int64_t weight) {
      const std::size_t size = placed.value.text.size() + placed.value.delimiter.size();
      if (weight > 0) length += int128{weight} * static_cast<int128>(size + 1);
    });
    if (length == 0) return no_result<StringRef>(out, row);
    if (length > kLongest) return no_result<StringRef>(out, row, true);
    std::string text;
    bool first = true;
    pieces_.for_each([&](const Stored& placed, std::int64_t weight) {
      for (std::int64_t i = 0; i < weight; ++i) {
        if (!first) text += placed.value.delimiter;
        text += placed.value.text;
        first = false;
      }
    });
    out.mutable_data<StringRef>()[row] = out.heap().add(text);
    return false;
  }
  void serialize(ByteWriter& out) const {
    pieces_.serialize(out, [](const Stored& placed, ByteWriter& to) { write_placed(placed, to); });
  }
  Status deserialize(ByteReader& in) {
    return pieces_.deserialize(in, [](ByteReader& from) -> Result<Stored> {
      DART_TRY(const std::int64_t position, from.fixed<std::int64_t>());
      DART_TRY(const std::uint8_t null, from.fixed<std::uint8_t>());
      if (null != 0) return fail(ErrorCode::Data, "the state of string_agg is damaged");
      DART_TRY(const std::string_view text, from.text());
      DART_TRY(const std::string_view delimiter, from.text());
      return Stored(position, false, {std::string(text), std::string(delimiter)});
    });
  }
  [[nodiscard]] std::size_t owned_bytes() const {
    std::size_t texts = 0;
    pieces_.for_each([&](const Stored& placed, std::int64_t) {
      texts += placed.value.text.size() + placed.value.delimiter.size();
    });
    return pieces_.owned_bytes() + texts;
  }

 private:
  /// About the bytes of one result; a longer one is out of range.
  static constexpr int128 kLongest = 64 << 20;

  OrderedMultiset<Stored> pieces_;
};

template <bool kLast>
Result<BoundAggregate> bind_placed(std::span<const LogicalType> types, std::span<const Value* const>,
                                   bool retracting) {
  BoundAggregate bound = visit_physical(types[0].physical(), [&](auto tag) {
    using T = decltype(tag);
    return retracting ? bound_as<KeptPlaced<T, kLast>>(types[0]) : bound_as<LatestPlaced<T, kLast>>(types[0]);
  });
  bound.retractable = retracting;
  bound.ordered = true;
  bound.skips_null = false;
  return bound;
}

Result<BoundAggregate> bind_joined(std::span<const LogicalType> types, std::span<const Value* const>, bool) {
  BoundAggregate bound = bound_as<Joined>(types[0]);
  bound.ordered = true;
  bound.skips_null = false;
  return bound;
}

}  // namespace

std::span<const AggregateFunction> placed_aggregates() {
  static const std::array kList = {
      AggregateFunction{
          "first", {TypeId::Null}, bind_placed<false>, "the value of the first row, NULL values count"},
      AggregateFunction{
          "last", {TypeId::Null}, bind_placed<true>, "the value of the last row, NULL values count"},
      AggregateFunction{"string_agg",
                        {TypeId::Text, TypeId::Text},
                        bind_joined,
                        "the texts in the order of the rows with a delimiter between them"},
  };
  return kList;
}

}  // namespace dart::columnar
