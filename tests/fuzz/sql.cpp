#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sql/compile.hpp"
#include "support/test_catalogue.hpp"

/// Any text: an error or a plan, never a crash; and its error can be printed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const dart::plan::Catalogue catalogue = dart::test::test_catalogue();
  static const std::string setup =
      "CREATE TABLE t (ts timestamp, k int, v double precision, m numeric(8,2), s text, b boolean) "
      "WITH (connector = 'file', path = 'x', format = 'csv', event_time = ts);"
      "CREATE TABLE o (k int PRIMARY KEY, n bigint) WITH (connector = 'blackhole');\n";
  const std::string text = setup + std::string(reinterpret_cast<const char*>(data), size);
  const auto script = dart::sql::compile(text, {{"name", "k"}}, catalogue);
  if (!script) (void)dart::sql::format_error(text, "f", script.error());
  return 0;
}
