#include "engine/chunk_bytes.hpp"

namespace dart::engine {

using columnar::LogicalType;
using columnar::StringRef;
using columnar::visit_physical;

namespace {

constexpr auto kBigInt = LogicalType::of(columnar::TypeId::BigInt);

void write_column(const Vector& column, std::size_t rows, ByteWriter& out) {
  visit_physical(column.type().physical(), [&](auto tag) {
    using T = decltype(tag);
    for (std::size_t r = 0; r < rows; ++r) {
      out.fixed<std::uint8_t>(column.is_null(r) ? 1 : 0);
      if (column.is_null(r)) continue;
      if constexpr (std::is_same_v<T, StringRef>) {
        out.text(column.at<T>(r).view());
      } else {
        out.fixed<T>(column.at<T>(r));
      }
    }
  });
}

Status read_column(LogicalType type, std::size_t rows, ByteReader& in, Vector& column) {
  column.reset(type, rows);
  return visit_physical(type.physical(), [&](auto tag) -> Status {
    using T = decltype(tag);
    for (std::size_t r = 0; r < rows; ++r) {
      DART_TRY(const bool null, read_flag(in));
      if (null) {
        column.mutable_data<T>()[r] = T{};
        column.set_null(r);
      } else if constexpr (std::is_same_v<T, StringRef>) {
        DART_TRY(const std::string_view text, in.text());
        column.mutable_data<T>()[r] = column.heap().add(text);
      } else if constexpr (std::is_same_v<T, std::uint8_t>) {
        DART_TRY(const bool value, read_flag(in));
        column.mutable_data<T>()[r] = value ? 1 : 0;
      } else {
        DART_TRY(column.mutable_data<T>()[r], in.fixed<T>());
      }
    }
    return {};
  });
}

void write_numbers(const Vector& numbers, std::size_t rows, ByteWriter& out) {
  out.fixed<std::uint8_t>(numbers.is_present() ? 1 : 0);
  for (std::size_t r = 0; numbers.is_present() && r < rows; ++r) out.fixed(numbers.at<std::int64_t>(r));
}

Result<std::int64_t> read_within(std::int64_t largest, ByteReader& in) {
  DART_TRY(const std::int64_t weight, in.fixed<std::int64_t>());
  if (weight < -largest || weight > largest) return fail(ErrorCode::Data, "a weight out of range");
  return weight;
}

}  // namespace

void write_chunk(const Chunk& chunk, std::size_t columns, ByteWriter& out) {
  out.varint(chunk.rows);
  for (std::size_t c = 0; c < columns && chunk.rows > 0; ++c) write_column(chunk.columns[c], chunk.rows, out);
  write_numbers(chunk.weights, chunk.rows, out);
  write_numbers(chunk.steps, chunk.rows, out);
}

Result<Chunk> read_chunk(std::span<const LogicalType> types, ByteReader& in) {
  Chunk chunk;
  DART_TRY(chunk.rows, in.count());
  for (const LogicalType type : types) {
    DART_TRY_STATUS(read_column(type, chunk.rows, in, chunk.columns.emplace_back()));
  }
  DART_TRY(const bool weighted, read_flag(in));
  if (weighted) chunk.weights.reset(kBigInt, chunk.rows);
  for (std::size_t r = 0; weighted && r < chunk.rows; ++r) {
    DART_TRY(chunk.weights.mutable_data<std::int64_t>()[r], read_weight(in));
  }
  DART_TRY(const bool stepped, read_flag(in));
  if (stepped) chunk.steps.reset(kBigInt, chunk.rows);
  for (std::size_t r = 0; stepped && r < chunk.rows; ++r) {
    auto* steps = chunk.steps.mutable_data<std::int64_t>();
    DART_TRY(steps[r], in.fixed<std::int64_t>());
    if (r > 0 && steps[r] < steps[r - 1]) return fail(ErrorCode::Data, "steps that fall");
  }
  return chunk;
}

void write_progress(const Progress& progress, ByteWriter& out) {
  out.fixed(progress.first);
  out.fixed(progress.last);
  out.fixed(progress.origin_first.us);
  out.fixed(progress.origin_last.us);
}

Result<Progress> read_progress(ByteReader& in) {
  Progress progress;
  DART_TRY(progress.first, in.fixed<std::int64_t>());
  DART_TRY(progress.last, in.fixed<std::int64_t>());
  DART_TRY(progress.origin_first.us, in.fixed<std::int64_t>());
  DART_TRY(progress.origin_last.us, in.fixed<std::int64_t>());
  return progress;
}

Result<bool> read_flag(ByteReader& in) {
  DART_TRY(const std::uint8_t byte, in.fixed<std::uint8_t>());
  if (byte > 1) return fail(ErrorCode::Data, "a flag that is neither 0 nor 1");
  return byte == 1;
}

Result<std::int64_t> read_weight(ByteReader& in) { return read_within(kLargestWeight, in); }

Result<std::int64_t> read_total(ByteReader& in) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 60;
  return read_within(kLargest, in);
}

}  // namespace dart::engine
