#include "engine/exchange/column_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/check.hpp"
#include "engine/chunk_bytes.hpp"

namespace dart::engine::exchange {

namespace {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::StringRef;
using columnar::Vector;
using columnar::visit_physical;

constexpr auto kBigInt = LogicalType::of(columnar::TypeId::BigInt);

/// What stands beside the columns: weights that are all 1 are not told one by one.
constexpr std::uint8_t kWeighted = 1;
constexpr std::uint8_t kStepped = 2;
constexpr std::uint8_t kTold = 4;

std::uint8_t beside(const RowLayout& layout) {
  return static_cast<std::uint8_t>((layout.weighted ? kWeighted : 0) | (layout.stepped ? kStepped : 0));
}

tl::unexpected<Error> wrong(const char* what) { return fail(ErrorCode::Data, what); }

std::string_view bytes_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

void write_validity(const Vector& column, std::size_t rows, ByteWriter& out) {
  std::string bits((rows + 7) / 8, '\0');
  for (std::size_t r = 0; r < rows; ++r) {
    if (!column.is_null(r)) bits[r / 8] = static_cast<char>(bits[r / 8] | (1 << (r % 8)));
  }
  out.text(bits);
}

/// Nothing is said of the bytes where there is NULL: zeros go out for them.
template <class T>
void write_values(const Vector& column, std::size_t rows, ByteWriter& out) {
  if (!column.has_nulls() && !column.is_constant()) {
    return out.text(bytes_of(column.data<T>(), rows * sizeof(T)));
  }
  std::string bytes(rows * sizeof(T), '\0');
  for (std::size_t r = 0; r < rows; ++r) {
    if (!column.is_null(r)) std::memcpy(bytes.data() + r * sizeof(T), &column.at<T>(r), sizeof(T));
  }
  out.text(bytes);
}

void write_strings(const Vector& column, std::size_t rows, ByteWriter& out) {
  ByteWriter sizes;
  std::string bytes;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::string_view text = column.is_null(r) ? std::string_view() : column.at<StringRef>(r).view();
    sizes.varint(text.size());
    bytes += text;
  }
  out.text(sizes.bytes());
  out.text(bytes);
}

/// A constant is written out: operators may rely on it that a column that was never one is none.
void write_column(const Vector& column, std::size_t rows, ByteWriter& out) {
  out.fixed<std::uint8_t>(column.has_nulls() ? 1 : 0);
  if (column.has_nulls()) write_validity(column, rows, out);
  visit_physical(column.type().physical(), [&](auto tag) {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, StringRef>) {
      write_strings(column, rows, out);
    } else {
      write_values<T>(column, rows, out);
    }
  });
}

/// Where there is NULL the value is that of T{}, whatever came.
Status read_validity(std::size_t rows, std::string_view bits, Vector& column) {
  if (bits.size() != (rows + 7) / 8) return wrong("validity of another number of rows");
  visit_physical(column.type().physical(), [&](auto tag) {
    using T = decltype(tag);
    for (std::size_t r = 0; r < rows; ++r) {
      if (((static_cast<unsigned char>(bits[r / 8]) >> (r % 8)) & 1U) != 0) continue;
      column.mutable_data<T>()[r] = T{};
      column.set_null(r);
    }
  });
  return {};
}

template <class T>
Status take_values(std::string_view bytes, std::size_t rows, Vector& column) {
  T* values = column.mutable_data<T>();
  if (rows > 0) std::memcpy(values, bytes.data(), bytes.size());
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    if (std::any_of(values, values + rows, [](std::uint8_t value) { return value > 1; })) {
      return wrong("a bool that is neither 0 nor 1");
    }
  }
  return {};
}

/// The long strings of a column share one block of the heap.
Status take_strings(std::string_view sizes, std::string_view bytes, std::size_t rows, Vector& column) {
  StringRef* values = column.mutable_data<StringRef>();
  const char* place = nullptr;
  if (!bytes.empty()) {
    char* block = column.heap().allocate(bytes.size());
    std::memcpy(block, bytes.data(), bytes.size());
    place = block;
  }
  ByteReader in(sizes);
  std::size_t left = bytes.size();
  for (std::size_t r = 0; r < rows; ++r) {
    DART_TRY(const std::uint64_t size, in.varint());
    if (size > left) return wrong("strings longer than their bytes");
    values[r] = size == 0 ? StringRef() : StringRef(std::string_view(place, size));
    if (size > 0) place += size;
    left -= size;
  }
  if (left > 0 || in.remaining() > 0) return wrong("strings of another number or size");
  return {};
}

/// Memory for the values is taken once their bytes are found to be there.
Status read_values(LogicalType type, std::size_t rows, ByteReader& in, Vector& column) {
  return visit_physical(type.physical(), [&](auto tag) -> Status {
    using T = decltype(tag);
    DART_TRY(const std::string_view block, in.text());
    if constexpr (std::is_same_v<T, StringRef>) {
      DART_TRY(const std::string_view bytes, in.text());
      if (block.size() < rows) return wrong("strings of another number or size");
      column.reset(type, rows);
      return take_strings(block, bytes, rows, column);
    } else {
      if (block.size() != rows * sizeof(T)) return wrong("a column of another number of rows");
      column.reset(type, rows);
      return take_values<T>(block, rows, column);
    }
  });
}

Status read_column(LogicalType type, std::size_t rows, ByteReader& in, Vector& column) {
  DART_TRY(const bool nulls, read_flag(in));
  std::string_view validity;
  if (nulls) {
    DART_TRY(validity, in.text());
  }
  DART_TRY_STATUS(read_values(type, rows, in, column));
  if (nulls) DART_TRY_STATUS(read_validity(rows, validity, column));
  return {};
}

[[nodiscard]] bool all_one(const Vector& weights, std::size_t rows) {
  for (std::size_t r = 0; weights.is_present() && r < rows; ++r) {
    if (weights.at<std::int64_t>(r) != 1) return false;
  }
  return true;
}

/// Small numbers of either sign: the sign goes into the lowest bit.
void write_weights(const Vector& weights, std::size_t rows, ByteWriter& out) {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int64_t weight = weights.at<std::int64_t>(r);
    out.varint((static_cast<std::uint64_t>(weight) << 1) ^ static_cast<std::uint64_t>(weight >> 63));
  }
}

Status read_weights(std::size_t rows, ByteReader& in, std::int64_t* weights) {
  for (std::size_t r = 0; r < rows; ++r) {
    DART_TRY(const std::uint64_t folded, in.varint());
    const auto weight = static_cast<std::int64_t>((folded >> 1) ^ (~(folded & 1) + 1));
    if (weight == 0 || weight < -kLargestWeight || weight > kLargestWeight) {
      return wrong("a weight out of range");
    }
    weights[r] = weight;
  }
  return {};
}

/// The first step, then how far each is beyond the one before.
void write_steps(const Vector& steps, std::size_t rows, ByteWriter& out) {
  out.fixed(steps.at<std::int64_t>(0));
  for (std::size_t r = 1; r < rows; ++r) {
    out.varint(static_cast<std::uint64_t>(steps.at<std::int64_t>(r)) -
               static_cast<std::uint64_t>(steps.at<std::int64_t>(r - 1)));
  }
}

Status read_steps(std::size_t rows, ByteReader& in, Vector& steps) {
  DART_TRY(std::int64_t step, in.fixed<std::int64_t>());
  if (in.remaining() + 1 < rows) return wrong("the bytes end too early");
  if (step < -kLargestStep || step > kLargestStep) return wrong("a step out of range");
  steps.reset(kBigInt, rows);
  auto* values = steps.mutable_data<std::int64_t>();
  values[0] = step;
  for (std::size_t r = 1; r < rows; ++r) {
    DART_TRY(const std::uint64_t further, in.varint());
    if (further > static_cast<std::uint64_t>(kLargestStep - step)) return wrong("a step out of range");
    step += static_cast<std::int64_t>(further);
    values[r] = step;
  }
  return {};
}

}  // namespace

void write_columns(const Chunk& chunk, const RowLayout& layout, ByteWriter& out) {
  DART_CHECK(chunk.rows > 0 && chunk.rows <= kMostChunkRows && chunk.columns.size() >= layout.types.size());
  DART_CHECK(!layout.stepped || chunk.steps.is_present());
  const bool told = layout.weighted && !all_one(chunk.weights, chunk.rows);
  out.varint(chunk.rows);
  out.fixed<std::uint8_t>(static_cast<std::uint8_t>(beside(layout) | (told ? kTold : 0)));
  for (std::size_t c = 0; c < layout.types.size(); ++c) write_column(chunk.columns[c], chunk.rows, out);
  if (told) write_weights(chunk.weights, chunk.rows, out);
  if (layout.stepped) write_steps(chunk.steps, chunk.rows, out);
}

Result<Chunk> read_columns(const RowLayout& layout, ByteReader& in) {
  Chunk chunk;
  DART_TRY(const std::uint64_t rows, in.varint());
  if (rows == 0 || rows > kMostChunkRows) return wrong("a chunk of a number of rows that cannot be");
  chunk.rows = rows;
  DART_TRY(const std::uint8_t form, in.fixed<std::uint8_t>());
  const bool told = form == (beside(layout) | kTold) && layout.weighted;
  if (!told && form != beside(layout)) return wrong("other weights or steps than the exchange has");
  for (const LogicalType type : layout.types) {
    DART_TRY_STATUS(read_column(type, chunk.rows, in, chunk.columns.emplace_back()));
  }
  if (told && in.remaining() < rows) return wrong("the bytes end too early");
  if (layout.weighted) {
    chunk.weights.reset(kBigInt, rows);
    std::fill_n(chunk.weights.mutable_data<std::int64_t>(), rows, 1);
  }
  if (told) DART_TRY_STATUS(read_weights(rows, in, chunk.weights.mutable_data<std::int64_t>()));
  if (layout.stepped) DART_TRY_STATUS(read_steps(chunk.rows, in, chunk.steps));
  return chunk;
}

}  // namespace dart::engine::exchange
