#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "plan/table.hpp"

namespace dart::connectors {

/// Reads the WITH options of one table as typed values. A value may be written as a literal of the type or as
/// text (rate = 1000, rate = '1000'); the errors name the table and the option.
class OptionReader {
 public:
  explicit OptionReader(const plan::TableDefinition& table) : table_(table) {}

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  [[nodiscard]] Result<std::string> required_text(std::string_view name) const;
  [[nodiscard]] Result<bool> boolean(std::string_view name, bool otherwise) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> bigint(std::string_view name) const;
  [[nodiscard]] Result<std::optional<double>> real(std::string_view name) const;
  /// Microseconds.
  [[nodiscard]] Result<std::optional<std::int64_t>> interval(std::string_view name) const;
  /// One byte: a delimiter, a quote.
  [[nodiscard]] Result<char> character(std::string_view name, char otherwise) const;

  [[nodiscard]] tl::unexpected<Error> wrong(std::string_view name, std::string_view wanted) const;

 private:
  const plan::TableDefinition& table_;
};

}  // namespace dart::connectors
