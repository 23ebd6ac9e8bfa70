#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "columnar/aggregate.hpp"
#include "columnar/function.hpp"
#include "connectors/catalogue.hpp"

/// The reference pages against the program's own lists: every entry has a row, and no row is left over.
namespace dart {
namespace {

std::string read_document(const std::string& path) {
  std::ifstream file(std::string(DART_SOURCE_DIR) + "/docs/" + path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << "docs/" << path << " is missing";
  return text.str();
}

/// The part of a page from one heading to the next of the same or a higher level.
std::string section(const std::string& page, const std::string& heading) {
  const auto begin = page.find("\n" + heading + "\n");
  if (begin == std::string::npos) {
    ADD_FAILURE() << "the page has no heading " << heading;
    return {};
  }
  std::size_t end = page.size();
  for (std::string mark = heading.substr(0, heading.find(' ')); mark.size() >= 2; mark.pop_back()) {
    end = std::min(end, page.find("\n" + mark + " ", begin + 1));
  }
  return page.substr(begin, end - begin);
}

/// The names in code type that stand first in the rows of the tables of a text.
std::set<std::string> row_names(const std::string& text) {
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    std::string name = line.substr(3, line.find("` |") - 3);
    for (std::size_t at = 0; (at = name.find("\\|", at)) != std::string::npos; ++at) name.erase(at, 1);
    names.insert(name);
  }
  return names;
}

void expect_same(const std::set<std::string>& rows, const std::set<std::string>& entries,
                 std::string_view page) {
  for (const std::string& entry : entries) {
    EXPECT_TRUE(rows.contains(entry)) << page << " has no row `| `" << entry << "` | ...";
  }
  for (const std::string& row : rows) {
    EXPECT_TRUE(entries.contains(row)) << page << " has a row for " << row << ", which is not there";
  }
}

TEST(Reference, EveryFunctionHasARow) {
  const std::string page = section(read_document("sql.md"), "## Functions and operators");
  std::set<std::string> rows;
  for (const char* heading : {"### Comparison and logic", "### Arithmetic", "### Mathematics", "### Text",
                              "### Patterns", "### Time", "### JSON"}) {
    rows.merge(row_names(section(page, heading)));
  }
  std::set<std::string> entries;
  for (const auto& function : columnar::scalar_functions()) entries.emplace(function.name);
  expect_same(rows, entries, "docs/sql.md");
}

TEST(Reference, EveryAggregateHasARow) {
  std::set<std::string> entries;
  for (const auto& function : columnar::aggregate_functions()) entries.emplace(function.name);
  expect_same(row_names(section(read_document("sql.md"), "### Aggregates")), entries, "docs/sql.md");
}

TEST(Reference, EveryConnectorAndItsOptionsHaveARow) {
  const std::string page = read_document("connectors.md");
  for (const auto& connector : connectors::catalogue().connectors) {
    std::set<std::string> entries;
    for (const auto& option : connector.options) entries.insert(option.name);
    expect_same(row_names(section(page, "## " + connector.name)), entries, "docs/connectors.md");
  }
}

TEST(Reference, EveryFormatAndItsOptionsHaveARow) {
  const std::string page = read_document("connectors.md");
  for (const auto& format : connectors::catalogue().formats) {
    std::set<std::string> entries;
    for (const auto& option : format.options) entries.insert(option.name);
    expect_same(row_names(section(page, "## Format " + format.name)), entries, "docs/connectors.md");
  }
}

}  // namespace
}  // namespace dart
