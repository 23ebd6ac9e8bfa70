#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "columnar/vector.hpp"
#include "plan/catalogue.hpp"
#include "plan/table.hpp"

namespace dart::connectors {

/// Makes the values of one datagen column. Pure: the value of a row depends on the row's number (from 0), the
/// column and the seed, not on which rows were asked for before.
class ColumnGenerator {
 public:
  virtual ~ColumnGenerator() = default;
  /// Rows [first, first + count) into places 0..count-1 of a vector reset with enough room.
  virtual void fill(std::uint64_t first, std::size_t count, columnar::Vector& out) const = 0;
};

/// From the options `column.…` of the table: its distribution, range, cardinality. The Error names the
/// option.
[[nodiscard]] Result<std::unique_ptr<ColumnGenerator>> make_column_generator(
    const plan::TableDefinition& table, std::uint32_t column, std::uint64_t seed);

/// The options of one column, as `*.name`.
[[nodiscard]] std::span<const plan::OptionSpec> column_generator_options();

}  // namespace dart::connectors
