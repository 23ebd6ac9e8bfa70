#include "columnar/aggregates/distinct.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include "columnar/aggregates/held_value.hpp"
#include "columnar/aggregates/state.hpp"

namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

struct Distinct {
  BoundAggregate inner;
  std::vector<LogicalType> types;
  bool short_keys = false;  ///< one argument that fits a word and is never NULL
};
const Distinct& distinct_from(Parameters parameters) { return *static_cast<const Distinct*>(parameters); }

/// How often each value is there; by word or by encoded arguments.
struct Seen {
  boost::unordered_flat_map<std::int64_t, std::int64_t> words;
  boost::unordered_flat_map<std::string, std::int64_t> keys;
};

/// The state: the values seen, then the inner state.
constexpr std::size_t kInnerOffset = sizeof(Seen*);

Seen*& seen_of(std::byte* state) { return *reinterpret_cast<Seen**>(state); }
const Seen* seen_of(const std::byte* state) { return *reinterpret_cast<const Seen* const*>(state); }
Seen& make_seen(std::byte* state) {
  Seen*& seen = seen_of(state);
  if (seen == nullptr) seen = std::make_unique<Seen>().release();
  return *seen;
}

/// Adds to the weight of a key: +1 when it is now there and was not, -1 the other way round, else 0.
template <class Map, class Key>
int add_weight(Map& map, const Key& key, std::int64_t weight) {
  const auto [place, added] = map.try_emplace(key, 0);
  const bool before = place->second > 0;
  place->second += weight;
  const bool after = place->second > 0;
  if (place->second == 0) map.erase(place);
  return static_cast<int>(after) - static_cast<int>(before);
}

std::int64_t word_at(const Vector& argument, std::size_t row) {
  switch (argument.type().physical()) {
    case PhysicalType::Bool:
      return argument.at<std::uint8_t>(row);
    case PhysicalType::Double:
      return ordered_key(argument.at<double>(row));
    default:
      return argument.at<std::int64_t>(row);
  }
}

std::string encode_key(const Distinct& distinct, std::span<const Vector* const> arguments, std::size_t row) {
  ByteWriter out;
  for (std::size_t i = 0; i < distinct.types.size(); ++i) {
    const Vector& argument = *arguments[i];
    const bool null = argument.is_null(row);
    out.fixed(static_cast<std::uint8_t>(null));
    if (null) continue;
    visit_physical(distinct.types[i].physical(), [&](auto tag) {
      using T = decltype(tag);
      write_stored(typename Held<T>::Stored(Held<T>::view(argument.at<T>(row))), out);
    });
  }
  return out.take();
}

Status decode_key(const Distinct& distinct, std::string_view key, std::vector<Vector>& arguments,
                  std::size_t row) {
  ByteReader in(key);
  for (std::size_t i = 0; i < distinct.types.size(); ++i) {
    Vector& argument = arguments[i];
    DART_TRY(const std::uint8_t null, in.fixed<std::uint8_t>());
    if (null > 1) return fail(ErrorCode::Data, "a value of a DISTINCT aggregate is damaged");
    DART_TRY_STATUS(visit_physical(distinct.types[i].physical(), [&](auto tag) -> Status {
      using T = decltype(tag);
      if (null == 1) {
        no_result<T>(argument, row);
        return {};
      }
      DART_TRY(const auto stored, read_stored<typename Held<T>::Stored>(in));
      Held<T>::write(stored, argument, row);
      return {};
    }));
  }
  if (in.remaining() > 0) return fail(ErrorCode::Data, "a value of a DISTINCT aggregate is damaged");
  return {};
}

/// Values that came (+1) or went (-1) for one state, to be handed to the inner aggregate.
class Changes {
 public:
  explicit Changes(const Distinct& distinct) : distinct_(distinct) {}

  void add(std::int64_t word, int change) {
    words_.push_back(word);
    weights_.push_back(change);
  }
  void add(const std::string& key, int change) {
    keys_.push_back(key);
    weights_.push_back(change);
  }
  /// An Error when a key does not decode; then nothing is handed on.
  Status hand_to(std::byte* state) const {
    const std::size_t count = weights_.size();
    if (count == 0) return {};
    std::vector<Vector> arguments(distinct_.types.size());
    std::vector<const Vector*> pointers;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      arguments[i].reset(distinct_.types[i], count);
      pointers.push_back(&arguments[i]);
    }
    for (std::size_t row = 0; row < count; ++row) {
      if (distinct_.short_keys) {
        write_word(words_[row], arguments[0], row);
      } else {
        DART_TRY_STATUS(decode_key(distinct_, keys_[row], arguments, row));
      }
    }
    const bool plain = std::ranges::all_of(weights_, [](std::int64_t w) { return w == 1; });
    const BoundAggregate& inner = distinct_.inner;
    inner.update(inner.parameters.get(),
                 {pointers, nullptr, count, nullptr, plain ? nullptr : weights_.data(), nullptr,
                  state + kInnerOffset, 0});
    return {};
  }

 private:
  static void write_word(std::int64_t word, Vector& argument, std::size_t row) {
    switch (argument.type().physical()) {
      case PhysicalType::Bool:
        return Held<std::uint8_t>::write(word, argument, row);
      case PhysicalType::Double:
        return Held<double>::write(word, argument, row);
      default:
        return Held<std::int64_t>::write(word, argument, row);
    }
  }

  const Distinct& distinct_;
  std::vector<std::int64_t> words_;
  std::vector<std::string> keys_;
  std::vector<std::int64_t> weights_;
};

void init(Parameters parameters, std::byte* state) {
  seen_of(state) = nullptr;
  const BoundAggregate& inner = distinct_from(parameters).inner;
  inner.init(inner.parameters.get(), state + kInnerOffset);
}

void destroy(Parameters parameters, std::byte* state) {
  const std::unique_ptr<Seen> owned(seen_of(state));
  const BoundAggregate& inner = distinct_from(parameters).inner;
  if (inner.destroy != nullptr) inner.destroy(inner.parameters.get(), state + kInnerOffset);
}

void update(Parameters parameters, const AggregateRows& rows) {
  const Distinct& distinct = distinct_from(parameters);
  std::vector<std::uint32_t> changed;
  std::vector<std::int64_t> weights;  // by row, once there is a -1
  for (std::size_t k = 0; k < rows.count; ++k) {
    const std::size_t row = rows.selection != nullptr ? rows.selection[k] : k;
    const std::size_t group = rows.groups != nullptr ? rows.groups[row] : 0;
    const std::int64_t weight = rows.weights != nullptr ? rows.weights[row] : 1;
    if (weight == 0) continue;
    Seen& seen = make_seen(rows.states + group * rows.stride);
    const int change = distinct.short_keys
                           ? add_weight(seen.words, word_at(*rows.arguments[0], row), weight)
                           : add_weight(seen.keys, encode_key(distinct, rows.arguments, row), weight);
    if (change == 0) continue;
    changed.push_back(static_cast<std::uint32_t>(row));
    if (change < 0 && weights.empty()) weights.assign(1, 1);
    if (!weights.empty()) {
      if (weights.size() <= row) weights.resize(row + 1, 1);
      weights[row] = change;
    }
  }
  if (changed.empty()) return;
  if (!weights.empty())
    weights.resize(std::max<std::size_t>(weights.size(), *std::ranges::max_element(changed) + 1), 1);
  const BoundAggregate& inner = distinct.inner;
  inner.update(inner.parameters.get(), {rows.arguments, changed.data(), changed.size(), rows.groups,
                                        weights.empty() ? nullptr : weights.data(), nullptr,
                                        rows.states + kInnerOffset, rows.stride});
}

void combine(Parameters parameters, std::byte* into, const std::byte* from) {
  const Seen* other = seen_of(from);
  if (other == nullptr) return;
  Seen& seen = make_seen(into);
  Changes changes(distinct_from(parameters));
  for (const auto& [word, weight] : other->words) {
    if (const int change = add_weight(seen.words, word, weight); change != 0) changes.add(word, change);
  }
  for (const auto& [key, weight] : other->keys) {
    if (const int change = add_weight(seen.keys, key, weight); change != 0) changes.add(key, change);
  }
  DART_CHECK(changes.hand_to(into).has_value());
}

void combine_many(Parameters parameters, std::byte* into, const std::byte* from, std::size_t stride,
                  std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) combine(parameters, into + i * stride, from + i * stride);
}

bool finalize(Parameters parameters, const std::byte* state, Vector& out, std::size_t row) {
  const BoundAggregate& inner = distinct_from(parameters).inner;
  return inner.finalize(inner.parameters.get(), state + kInnerOffset, out, row);
}

void serialize(Parameters parameters, const std::byte* state, ByteWriter& out) {
  const Seen* seen = seen_of(state);
  const bool short_keys = distinct_from(parameters).short_keys;
  out.varint(seen == nullptr ? 0 : (short_keys ? seen->words.size() : seen->keys.size()));
  if (seen == nullptr) return;
  for (const auto& [word, weight] : seen->words) {
    out.fixed(word);
    out.fixed(weight);
  }
  for (const auto& [key, weight] : seen->keys) {
    out.text(key);
    out.fixed(weight);
  }
}

/// The inner state is made again from the values. Those that are owed (their weight is negative) take part
/// with weight 0, so that every key is known to decode.
Status deserialize(Parameters parameters, std::byte* state, ByteReader& in) {
  const Distinct& distinct = distinct_from(parameters);
  DART_TRY(const std::size_t count, in.count());
  Changes changes(distinct);
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t word = 0;
    std::string key;
    if (distinct.short_keys) {
      DART_TRY(word, in.fixed<std::int64_t>());
    } else {
      DART_TRY(key, in.text());
    }
    DART_TRY(const std::int64_t weight, read_count(in));
    Seen& seen = make_seen(state);
    const bool fresh = distinct.short_keys ? !seen.words.contains(word) : !seen.keys.contains(key);
    if (weight == 0 || !fresh) return fail(ErrorCode::Data, "the state of a DISTINCT aggregate is damaged");
    if (distinct.short_keys) {
      changes.add(word, add_weight(seen.words, word, weight));
    } else {
      changes.add(key, add_weight(seen.keys, key, weight));
    }
  }
  return changes.hand_to(state);
}

std::size_t owned_bytes(Parameters parameters, const std::byte* state) {
  constexpr std::size_t kSlot = sizeof(std::int64_t) * 2 + 2;
  constexpr std::size_t kTextSlot = sizeof(std::string) + sizeof(std::int64_t) + 2;
  const BoundAggregate& inner = distinct_from(parameters).inner;
  std::size_t sum =
      inner.owned_bytes == nullptr ? 0 : inner.owned_bytes(inner.parameters.get(), state + kInnerOffset);
  if (const Seen* seen = seen_of(state)) {
    sum += sizeof(Seen) + seen->words.bucket_count() * kSlot + seen->keys.bucket_count() * kTextSlot;
  }
  return sum;
}

}  // namespace

BoundAggregate distinct_of(BoundAggregate inner, std::vector<LogicalType> types) {
  BoundAggregate bound = inner;
  const auto parameters = std::make_shared<Distinct>();
  const PhysicalType physical = types[0].physical();
  parameters->short_keys = types.size() == 1 && inner.skips_null && physical != PhysicalType::String &&
                           physical != PhysicalType::Int128;
  parameters->inner = std::move(inner);
  parameters->types = std::move(types);
  bound.state_size += kInnerOffset;
  bound.ordered = false;
  bound.gathers = true;
  bound.parameters = parameters;
  bound.init = init;
  bound.destroy = destroy;
  bound.update = update;
  bound.combine = combine;
  bound.combine_many = combine_many;
  bound.finalize = finalize;
  bound.serialize = serialize;
  bound.deserialize = deserialize;
  bound.owned_bytes = owned_bytes;
  return bound;
}

}  // namespace dart::columnar
