#pragma once

#include <cstdint>
#include <string>

#include "runtime/query_runner.hpp"

namespace dart::apps {

/// What --stats says of a run.
struct RunStats {
  std::string file;
  runtime::RunSettings settings;
  runtime::RunReport report;
  std::uint64_t peak_rss_bytes = 0;  ///< of the whole process
};

/// Rows that the sources delivered.
[[nodiscard]] std::uint64_t rows_read(const runtime::RunReport& report);
/// For people: a line per operator, reasons of drops and errors below it, then delays, time, speed and
/// memory.
[[nodiscard]] std::string stats_text(const RunStats& stats);
/// The same as one JSON object on one line.
[[nodiscard]] std::string stats_json(const RunStats& stats);

}  // namespace dart::apps
