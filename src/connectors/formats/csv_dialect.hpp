#pragma once

#include <string>

#include "base/result.hpp"
#include "plan/table.hpp"

namespace dart::connectors {

/// How a table's CSV is written: PostgreSQL's COPY options under the same names.
struct CsvDialect {
  char delimiter = ',';
  char quote = '"';
  char escape = '"';  ///< stands before a quote inside quotes; the quote itself unless given
  bool header = false;
  std::string null_text;  ///< an unquoted field with this text is NULL
};

/// From the options delimiter, quote, escape, header and null; the error names the option.
[[nodiscard]] Result<CsvDialect> csv_dialect(const plan::TableDefinition& table);

}  // namespace dart::connectors
