#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/int128.hpp"
#include "columnar/string_ref.hpp"
#include "columnar/types.hpp"

namespace dart::columnar {

/// One SQL value with its type: a literal, an option, a cell of a test. Never on the data path.
class Value {
 public:
  Value() = default;  ///< NULL of unknown type

  static Value null(LogicalType type) { return Value(type, std::monostate{}); }
  static Value boolean(bool v) { return Value(LogicalType::of(TypeId::Bool), static_cast<std::int64_t>(v)); }
  static Value bigint(std::int64_t v) { return Value(LogicalType::of(TypeId::BigInt), v); }
  static Value integer(std::int64_t v) { return Value(LogicalType::of(TypeId::Int), v); }
  static Value real(double v) { return Value(LogicalType::of(TypeId::Double), v); }
  static Value text(std::string v) { return Value(LogicalType::of(TypeId::Text), std::move(v)); }
  static Value timestamp(std::int64_t us) { return Value(LogicalType::of(TypeId::Timestamp), us); }
  static Value interval(std::int64_t us) { return Value(LogicalType::of(TypeId::Interval), us); }
  /// `unscaled` = value * 10^scale.
  static Value numeric(int precision, int scale, int128 unscaled);
  /// From a physical value (uint8_t, int64_t, int128, double, StringRef) of the type.
  template <class T>
  static Value of(LogicalType type, const T& v) {
    if constexpr (std::is_same_v<T, StringRef>) {
      return Value(type, std::string(v.view()));
    } else if constexpr (std::is_same_v<T, std::uint8_t>) {
      return Value(type, static_cast<std::int64_t>(v));
    } else {
      return Value(type, v);
    }
  }

  [[nodiscard]] const LogicalType& type() const { return type_; }
  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(payload_); }
  [[nodiscard]] bool boolean() const { return get<std::int64_t>() != 0; }
  [[nodiscard]] std::int64_t bigint() const { return get<std::int64_t>(); }
  [[nodiscard]] double real() const { return std::get<double>(payload_); }
  [[nodiscard]] const std::string& text() const { return std::get<std::string>(payload_); }
  /// The physical payload as T; T must be the physical type of type().
  template <class T>
  [[nodiscard]] T get() const {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      return static_cast<std::uint8_t>(std::get<std::int64_t>(payload_));
    } else if constexpr (std::is_same_v<T, StringRef>) {
      return StringRef(std::get<std::string>(payload_));
    } else {
      return std::get<T>(payload_);
    }
  }

  /// As SQL prints it (psql's form): t / f, 2013-01-01 00:00:00, 1.50; NULL prints as `null_text`.
  [[nodiscard]] std::string to_string(std::string_view null_text = "NULL") const;

  /// Same type and same value; NULL equals NULL; NaN equals NaN.
  friend bool operator==(const Value& a, const Value& b);
  /// A total order inside one type: NULL after all values, NaN after all numbers (PostgreSQL's).
  friend std::strong_ordering compare(const Value& a, const Value& b);

 private:
  using Payload = std::variant<std::monostate, std::int64_t, int128, double, std::string>;
  Value(LogicalType type, Payload payload) : type_(type), payload_(std::move(payload)) {}

  LogicalType type_{};
  Payload payload_;
};

[[nodiscard]] std::strong_ordering compare(const Value& a, const Value& b);

}  // namespace dart::columnar
