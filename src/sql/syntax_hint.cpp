#include "sql/syntax_hint.hpp"

#include <algorithm>
#include <array>

namespace dart::sql {
namespace {

struct Hint {
  std::string_view words;  ///< in lower case, one space between them
  std::string_view text;
};

/// Looked for around the place where the parser stopped; the first that fits is given.
constexpr std::array kHints = {
    Hint{"create source",
         "a source is a table: CREATE TABLE name (columns) WITH (connector = '...', format = '...')"},
    Hint{"create sink",
         "a sink is a table: CREATE TABLE name (columns) WITH (connector = '...'); then "
         "INSERT INTO name SELECT ..."},
    Hint{"create stream",
         "a stream is a table: CREATE TABLE name (columns) WITH (connector = '...', event_time = ts)"},
    Hint{"create or replace materialized", "CREATE MATERIALIZED VIEW has no OR REPLACE"},
    Hint{"watermark for", "the watermark is an option: WITH (event_time = ts, watermark_delay = '5 s')"},
    Hint{"emit changes",
         "emission is an option: CREATE MATERIALIZED VIEW name WITH (emit = 'changes') AS ..."},
    Hint{"emit on",
         "emission is an option: CREATE MATERIALIZED VIEW name WITH (emit = 'window_close') AS ..."},
    Hint{"emit", "emission is an option: CREATE MATERIALIZED VIEW name WITH (emit = '...') AS ..."},
    Hint{"descriptor", "windows stand in FROM: FROM tumble(table, ts, INTERVAL '1 minute')"},
    Hint{"window tumbling", "windows stand in FROM: FROM tumble(table, ts, INTERVAL '1 minute')"},
    Hint{"for system_time", "a join with a versioned table is not there; join two views with JOIN ... ON"},
    Hint{"match_recognize",
         "MATCH_RECOGNIZE is not there; lag(...) OVER (PARTITION BY ... ORDER BY ...) sees the rows before"},
    Hint{"qualify", "QUALIFY is not there: put the query in FROM (...) q and filter with WHERE outside"},
    Hint{"' milliseconds", "write the unit inside the quotes: INTERVAL '10 milliseconds'"},
    Hint{"' seconds", "write the unit inside the quotes: INTERVAL '10 seconds'"},
    Hint{"' minutes", "write the unit inside the quotes: INTERVAL '10 minutes'"},
    Hint{"' hours", "write the unit inside the quotes: INTERVAL '10 hours'"},
    Hint{"' days", "write the unit inside the quotes: INTERVAL '10 days'"},
    Hint{"'connector'", "option names are not quoted: WITH (connector = '...')"},
};

/// Lower case, runs of blanks as one space.
std::string flattened(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return out;
}

}  // namespace

std::string syntax_hint(std::string_view text, std::uint32_t offset) {
  const std::size_t at = std::min<std::size_t>(offset, text.size());
  const std::size_t statement = text.substr(0, at).rfind(';') + 1;
  const std::size_t begin = std::max(statement, at > 48 ? at - 48 : 0);
  const std::string around = flattened(text.substr(begin, at - begin + 24));
  for (const Hint& hint : kHints) {
    if (around.find(hint.words) != std::string::npos) return std::string(hint.text);
  }
  return {};
}

}  // namespace dart::sql
