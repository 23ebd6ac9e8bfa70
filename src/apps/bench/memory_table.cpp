#include "apps/bench/memory_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/limits.hpp"
#include "columnar/value.hpp"
#include "plan/plan.hpp"

namespace dart::apps::bench {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Vector;

Result<std::shared_ptr<const MemoryTable>> MemoryTable::load(const plan::TableDefinition& table,
                                                             engine::ConnectorFactory& connectors,
                                                             std::size_t max_rows) {
  engine::ReadRequest request;
  request.table = &table;
  request.columns.resize(table.columns.size());
  std::iota(request.columns.begin(), request.columns.end(), 0U);
  request.want_steps = false;
  DART_TRY(const auto source, connectors.open_source(request));
  auto made = std::make_shared<MemoryTable>();
  for (const auto& column : table.columns) made->columns_.push_back({column.type, {}});
  columnar::Chunk chunk;
  for (bool end = false; !end && made->rows_ < max_rows;) {
    DART_TRY(const auto outcome,
             source->read({}, std::min(limits::kChunkRows, max_rows - made->rows_), chunk));
    for (const auto& column : chunk.columns) {
      if (outcome.rows > 0 && column.has_nulls()) {
        return fail(ErrorCode::Unsupported,
                    fmt::format("table {} has NULLs, which a benchmark's input cannot", table.name));
      }
    }
    if (outcome.rows > 0) made->append(chunk);
    end = outcome.end;
    if (outcome.rows == 0 && !end && outcome.wake_at) {
      return fail(ErrorCode::Unsupported,
                  fmt::format("table {} waits for rows and cannot be a benchmark's input", table.name));
    }
  }
  made->seq_.resize(made->rows_);
  std::iota(made->seq_.begin(), made->seq_.end(), std::int64_t{1});
  return std::shared_ptr<const MemoryTable>(std::move(made));
}

void MemoryTable::append(const columnar::Chunk& chunk) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Vector column = chunk.columns[c].flattened(chunk.rows);
    const auto* bytes = column.data<std::byte>();
    auto& to = columns_[c].bytes;
    to.insert(to.end(), bytes, bytes + chunk.rows * columnar::width_of(columns_[c].type.physical()));
    if (column.shared_heap() && column.shared_heap()->bytes() > 0) retained_.push_back(column.shared_heap());
  }
  rows_ += chunk.rows;
}

Vector MemoryTable::view(const std::shared_ptr<const MemoryTable>& self, std::uint32_t column,
                         std::size_t begin) {
  if (column == plan::Scan::kSeqColumn) {
    return Vector::over(LogicalType::of(TypeId::BigInt), self->seq_.data() + begin, self);
  }
  if (column == plan::Scan::kReadAtColumn) {
    Vector epoch = Vector::constant(columnar::Value::bigint(0));
    epoch.set_type(LogicalType::of(TypeId::TimestampTz));
    return epoch;
  }
  const LogicalType type = self->columns_[column].type;
  return columnar::visit_physical(type.physical(), [&](auto tag) {
    using T = decltype(tag);
    return Vector::over(type, self->column<T>(column) + begin, self);
  });
}

Result<engine::ReadOutcome> MemorySource::read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) {
  engine::ReadOutcome outcome;
  std::size_t count = std::min(max_rows, rows_ - next_);
  outcome.origin_first = outcome.origin_last = now;
  if (rows_per_s_ > 0 && count > 0) {
    const TimePoint full_at = due(next_ + count - 1);
    const TimePoint leaves_at = std::min(full_at, due(next_) + Duration{limits::kChunkLingerUs});
    if (now < leaves_at) {
      outcome.wake_at = leaves_at;
      return outcome;
    }
    if (now < full_at) {
      const double elapsed = static_cast<double>((now - start_).us);
      const auto all_due = static_cast<std::size_t>(elapsed * 1e-6 * rows_per_s_) + 1;
      count = std::clamp<std::size_t>(all_due - std::min(all_due, next_), 1, count);
    }
    outcome.origin_first = due(next_);
    outcome.origin_last = due(next_ + count - 1);
  }
  out.columns.resize(columns_.size());
  for (std::size_t c = 0; c < columns_.size(); ++c)
    out.columns[c] = MemoryTable::view(table_, columns_[c], next_);
  if (want_steps_) out.steps = MemoryTable::view(table_, plan::Scan::kSeqColumn, next_);
  out.rows = outcome.rows = count;
  outcome.first_seq = static_cast<std::int64_t>(next_) + 1;
  next_ += count;
  outcome.last_seq = static_cast<std::int64_t>(next_);
  outcome.end = next_ == rows_;
  return outcome;
}

}  // namespace dart::apps::bench
