#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/int128.hpp"
#include "base/result.hpp"
#include "columnar/aggregates/double_sum.hpp"
#include "columnar/string_ref.hpp"
#include "columnar/vector.hpp"

namespace dart::columnar {

/// How aggregates that keep values (min, last, median) hold one of physical type T: as an ordered type of its
/// own that outlives the chunk. `view` is what comes in, `Stored` what is kept, `write` puts it into a
/// result.
template <class T>
struct Held {
  using Stored = std::int64_t;
  static std::int64_t view(T value) { return static_cast<std::int64_t>(value); }
  static void write(std::int64_t stored, Vector& out, std::size_t row) {
    out.mutable_data<T>()[row] = static_cast<T>(stored);
  }
};

template <>
struct Held<double> {
  using Stored = std::int64_t;
  static std::int64_t view(double value) { return ordered_key(value); }
  static void write(std::int64_t stored, Vector& out, std::size_t row) {
    out.mutable_data<double>()[row] = from_ordered_key(stored);
  }
};

template <>
struct Held<int128> {
  using Stored = int128;
  static int128 view(int128 value) { return value; }
  static void write(int128 stored, Vector& out, std::size_t row) { out.mutable_data<int128>()[row] = stored; }
};

template <>
struct Held<StringRef> {
  using Stored = std::string;
  static std::string_view view(const StringRef& value) { return value.view(); }
  static void write(const std::string& stored, Vector& out, std::size_t row) {
    out.mutable_data<StringRef>()[row] = out.heap().add(stored);
  }
};

/// Numbers as fixed bytes, text with its length.
inline void write_stored(std::int64_t value, ByteWriter& out) { out.fixed(value); }
inline void write_stored(int128 value, ByteWriter& out) { out.fixed(value); }
inline void write_stored(const std::string& value, ByteWriter& out) { out.text(value); }

template <class Stored>
[[nodiscard]] Result<Stored> read_stored(ByteReader& in) {
  if constexpr (std::is_same_v<Stored, std::string>) {
    DART_TRY(const std::string_view text, in.text());
    return std::string(text);
  } else {
    return in.fixed<Stored>();
  }
}

}  // namespace dart::columnar
