#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/connector.hpp"

namespace dart::apps::bench {

/// All rows of a table as one array per column: the input of a benchmark, complete before its clock starts.
/// Readers get views. Never changes once made; shared by all that read it.
class MemoryTable {
 public:
  /// Reads at most `max_rows` rows of all columns of `table` from `connectors`. NULLs are refused.
  [[nodiscard]] static Result<std::shared_ptr<const MemoryTable>> load(const plan::TableDefinition& table,
                                                                       engine::ConnectorFactory& connectors,
                                                                       std::size_t max_rows);

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t columns() const { return columns_.size(); }
  template <class T>
  [[nodiscard]] const T* column(std::size_t index) const {
    return reinterpret_cast<const T*>(columns_[index].bytes.data());
  }
  /// Rows [begin, ...) of a column, a scan's hidden columns included; `self` is this table.
  [[nodiscard]] static columnar::Vector view(const std::shared_ptr<const MemoryTable>& self,
                                             std::uint32_t column, std::size_t begin);

 private:
  struct Column {
    columnar::LogicalType type;
    std::vector<std::byte> bytes;
  };
  void append(const columnar::Chunk& chunk);

  std::vector<Column> columns_;
  std::vector<std::int64_t> seq_;                      // 1, 2, 3 ...
  std::vector<std::shared_ptr<const void>> retained_;  // owners of long strings
  std::size_t rows_ = 0;
};

/// Reads a MemoryTable at once, or by a schedule.
class MemorySource final : public engine::Source {
 public:
  /// The first `max_rows` rows. `rows_per_s` 0: as fast as it is asked. Otherwise row k is due k / rows_per_s
  /// after `start`, and a chunk leaves when it is full or its first row limits::kChunkLingerUs old.
  MemorySource(std::shared_ptr<const MemoryTable> table, const engine::ReadRequest& request,
               std::size_t max_rows, double rows_per_s, TimePoint start)
      : table_(std::move(table)),
        rows_(std::min(max_rows, table_->rows())),
        columns_(request.columns),
        want_steps_(request.want_steps),
        rows_per_s_(rows_per_s),
        start_(start) {}

  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) override;
  const std::map<std::string, std::uint64_t>& errors() const override { return no_errors_; }

 private:
  [[nodiscard]] TimePoint due(std::size_t row) const {
    return start_ + Duration{static_cast<std::int64_t>(static_cast<double>(row) / rows_per_s_ * 1e6)};
  }

  std::shared_ptr<const MemoryTable> table_;
  std::size_t rows_;
  std::vector<std::uint32_t> columns_;
  bool want_steps_;
  double rows_per_s_;
  TimePoint start_;
  std::size_t next_ = 0;
  std::map<std::string, std::uint64_t> no_errors_;
};

}  // namespace dart::apps::bench
