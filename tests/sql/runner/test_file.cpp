#include "sql/runner/test_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace dart::sql_test {

namespace {

struct Block {
  int line = 0;
  std::vector<std::string> lines;
};

std::vector<Block> split(const std::string& text) {
  std::vector<Block> blocks;
  Block block;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) {
      if (!block.lines.empty()) blocks.push_back(std::move(block));
      block = {};
    } else if (line[0] != '#') {
      if (block.lines.empty()) block.line = number;
      block.lines.push_back(std::move(line));
    }
  }
  if (!block.lines.empty()) blocks.push_back(std::move(block));
  return blocks;
}

std::string join(const std::vector<std::string>& lines, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) text += lines[i] + "\n";
  return text;
}

Result<void> parse_query(const Block& block, std::istringstream& words, Case& test) {
  for (std::string word; words >> word;) {
    if (word == "unordered") {
      test.unordered = true;
    } else if (word == "changes") {
      test.changes = true;
    } else if (word == "one-worker") {
      test.one_worker = true;
    } else {
      return fail(ErrorCode::InvalidArgument, fmt::format("line {}: unknown word \"{}\"", block.line, word));
    }
  }
  const auto& lines = block.lines;
  const auto rule =
      std::find_if(lines.begin(), lines.end(), [](const std::string& l) { return l.starts_with("----"); });
  if (rule == lines.end())
    return fail(ErrorCode::InvalidArgument, fmt::format("line {}: no ----", block.line));
  const auto at = static_cast<std::size_t>(rule - lines.begin());
  test.script = join(lines, 1, at);
  if (rule->size() > 5) test.output_file = rule->substr(5);
  test.expected.assign(rule + 1, lines.end());
  return {};
}

}  // namespace

Result<std::vector<Case>> parse_test_file(const std::string& text) {
  std::vector<Case> cases;
  Case current;
  for (const Block& block : split(text)) {
    std::istringstream words(block.lines[0]);
    std::string kind;
    words >> kind;
    if (kind == "file") {
      std::string name;
      words >> name;
      current.files[name] = join(block.lines, 1, block.lines.size());
      continue;
    }
    if (kind == "setup") {
      current.setup += join(block.lines, 1, block.lines.size());
      continue;
    }
    Case test = current;
    test.line = block.line;
    if (kind == "query") {
      DART_TRY_STATUS(parse_query(block, words, test));
    } else if (kind == "error") {
      test.expects_error = true;
      words >> test.error_place >> std::ws;
      std::getline(words, test.error_pattern);
      test.script = join(block.lines, 1, block.lines.size());
    } else {
      return fail(ErrorCode::InvalidArgument, fmt::format("line {}: unknown block \"{}\"", block.line, kind));
    }
    cases.push_back(std::move(test));
  }
  return cases;
}

}  // namespace dart::sql_test
