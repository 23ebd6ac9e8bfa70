#include "connectors/formats/csv_dialect.hpp"

#include <fmt/format.h>

#include "connectors/option_reader.hpp"

namespace dart::connectors {

Result<CsvDialect> csv_dialect(const plan::TableDefinition& table) {
  const OptionReader options(table);
  CsvDialect dialect;
  DART_TRY(dialect.delimiter, options.character("delimiter", ','));
  DART_TRY(dialect.quote, options.character("quote", '"'));
  DART_TRY(dialect.escape, options.character("escape", dialect.quote));
  DART_TRY(dialect.header, options.boolean("header", false));
  dialect.null_text = options.text("null").value_or("");
  if (dialect.delimiter == dialect.quote)
    return options.wrong("delimiter", "another character than the quote");
  if (dialect.delimiter == dialect.escape)
    return options.wrong("delimiter", "another character than the escape");
  for (const char c : {dialect.delimiter, dialect.quote, '\n', '\r'}) {
    if (dialect.null_text.find(c) != std::string::npos) {
      return options.wrong("null", "a text without delimiter, quote or line end");
    }
  }
  return dialect;
}

}  // namespace dart::connectors
