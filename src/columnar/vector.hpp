#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include "base/check.hpp"
#include "columnar/string_heap.hpp"
#include "columnar/string_ref.hpp"
#include "columnar/types.hpp"

namespace dart::columnar {

class Value;

/// One column of a chunk: a type, values, and validity words only where there are NULLs. Flat (a value
/// a row) or constant (the value at place 0 stands for every row). Bool values are uint8_t 0 or 1.
///
/// Copying a Vector shares its bytes. A writer calls `reset` first: that gives it bytes of its own,
/// the old ones again when nobody else holds them, so scratch vectors cost no allocation in steady
/// state and a consumer that wants to keep a chunk simply copies the Vector.
class Vector {
 public:
  Vector() = default;
  explicit Vector(LogicalType type) : type_(type) {}

  /// A view of `rows` values that `owner` keeps alive; no copy. T as the physical type of `type`.
  template <class T>
  static Vector over(LogicalType type, const T* values, std::shared_ptr<const void> owner) {
    Vector v(type);
    v.owner_ = std::move(owner);
    v.data_ = reinterpret_cast<const std::byte*>(values);
    return v;
  }
  /// One value for every row.
  static Vector constant(const Value& value);

  [[nodiscard]] const LogicalType& type() const { return type_; }
  [[nodiscard]] bool is_constant() const { return constant_; }
  /// False for a default-constructed vector (a chunk without weights or steps).
  [[nodiscard]] bool is_present() const { return data_ != nullptr; }

  /// Makes this a flat, writable vector of `type` with room for `rows` values, no NULLs, contents undefined.
  void reset(LogicalType type, std::size_t rows);
  void reset(std::size_t rows) { reset(type_, rows); }
  /// After writing place 0 of a vector just reset: it now stands for all rows.
  void make_constant() { constant_ = true; }
  /// The same bytes under another type of the same physical form (bigint as timestamp, numeric(9,2) as
  /// (12,2)).
  void set_type(LogicalType type) {
    DART_DCHECK(type.physical() == type_.physical());
    type_ = type;
  }

  template <class T>
  [[nodiscard]] const T* data() const {
    return reinterpret_cast<const T*>(data_);
  }
  /// Only after `reset`, by the one who did it, before the vector is handed on.
  template <class T>
  [[nodiscard]] T* mutable_data() {
    DART_DCHECK(buffer_ != nullptr);
    return reinterpret_cast<T*>(buffer_.get());
  }
  /// The value of a row; T is bool-as-uint8_t, int64_t, int128, double or StringRef.
  template <class T>
  [[nodiscard]] const T& at(std::size_t row) const {
    return data<T>()[constant_ ? 0 : row];
  }

  /// Null when there is no NULL at all; otherwise bit r of the words is 1 for a value, 0 for NULL
  /// (bit 0 alone for a constant).
  [[nodiscard]] const std::uint64_t* validity() const { return validity_.get(); }
  [[nodiscard]] bool has_nulls() const { return validity_ != nullptr; }
  [[nodiscard]] bool is_null(std::size_t row) const {
    if (!validity_) return false;
    const std::size_t r = constant_ ? 0 : row;
    return ((validity_.get()[r / 64] >> (r % 64)) & 1U) == 0;
  }
  /// Between `reset` and handing on: this row is NULL.
  void set_null(std::size_t row);
  /// Between `reset` and handing on: rows that are NULL in `other` are NULL here too (in words, no copy
  /// kept).
  void merge_nulls(const Vector& other, std::size_t rows);

  /// The heap for strings written into this vector; made at first use.
  StringHeap& heap();
  /// Keeps alive the strings of `other` that this vector now points to.
  void share_heap(const Vector& other);
  [[nodiscard]] const std::shared_ptr<StringHeap>& shared_heap() const { return heap_; }

  /// One value with its type, for printing, literals and tests; slow.
  [[nodiscard]] Value value(std::size_t row) const;
  /// Writes one value of exactly this vector's type (or NULL) at a row; slow. Copies long strings.
  void set_value(std::size_t row, const Value& value);

  /// out[k] = this[rows[k]] for k in [0, count); strings are shared, not copied. `out` may not be this.
  void gather(const std::uint32_t* rows, std::size_t count, Vector& out) const;
  /// Rows [begin, begin + count), shared without a copy when begin is a multiple of 64 or there are no NULLs.
  [[nodiscard]] Vector slice(std::size_t begin, std::size_t count) const;
  /// The same values, flat.
  [[nodiscard]] Vector flattened(std::size_t rows) const;

 private:
  LogicalType type_{};
  bool constant_ = false;
  std::size_t capacity_ = 0;             // bytes of buffer_
  std::shared_ptr<std::byte[]> buffer_;  // bytes written here; null for a view
  std::shared_ptr<const void> owner_;    // keeps data_ alive when it is not buffer_
  const std::byte* data_ = nullptr;
  std::shared_ptr<std::uint64_t[]> validity_;
  std::size_t validity_words_ = 0;
  std::shared_ptr<StringHeap> heap_;
};

/// Calls `f` with a value of the C++ type of a physical type (uint8_t, int64_t, int128, double, StringRef):
/// the only switch over physical types; done when a plan is bound, never per row.
template <class F>
decltype(auto) visit_physical(PhysicalType type, F&& f) {
  switch (type) {
    case PhysicalType::Bool:
      return f(std::uint8_t{});
    case PhysicalType::Int64:
      return f(std::int64_t{});
    case PhysicalType::Int128:
      return f(int128{});
    case PhysicalType::Double:
      return f(double{});
    case PhysicalType::String:
      break;
  }
  return f(StringRef{});
}

[[nodiscard]] constexpr std::size_t validity_words(std::size_t rows) { return (rows + 63) / 64; }

/// Fresh validity words, all rows valid.
[[nodiscard]] std::shared_ptr<std::uint64_t[]> make_validity(std::size_t rows);

}  // namespace dart::columnar
