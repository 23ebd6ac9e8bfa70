#include "sql/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "columnar/function.hpp"

namespace dart::sql {

std::uint32_t Substituted::original(std::uint32_t offset) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                                      [](std::uint32_t o, const Piece& p) { return o < p.begin; });
  if (after == pieces_.begin()) return offset;
  const Piece& piece = *(after - 1);
  return piece.copied ? piece.from + (offset - piece.begin) : piece.from;
}

void Substituted::copy(std::string_view piece, std::size_t from) {
  if (piece.empty()) return;
  pieces_.push_back({static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(from), true});
  text += piece;
}

void Substituted::insert(std::string_view value, std::size_t from) {
  if (value.empty()) return;
  pieces_.push_back({static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(from), false});
  text += value;
}

namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string quoted(std::string_view value, char quote) {
  std::string out(1, quote);
  for (const char c : value) {
    if (c == quote) out += c;
    out += c;
  }
  return out + quote;
}

constexpr std::size_t kStatementTokens = 20000;

/// Walks the text once; every method takes a piece from `at_`.
class Substituter {
 public:
  Substituter(std::string_view text, const std::map<std::string, std::string>& given)
      : text_(text), given_(given), values_(given) {}

  Result<Substituted> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      DART_TRY_STATUS(count_token(c));
      if (c == '\'' || c == '"') {
        skip_quoted(c);
      } else if (starts("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (starts("/*")) {
        skip_comment();
      } else if (c == '$' && (at_ == 0 || !is_name(text_[at_ - 1]))) {
        skip_dollar_quoted();
      } else if (c == '\\') {
        DART_TRY_STATUS(command());
      } else if (starts("::") || starts(":=")) {
        at_ += 2;
      } else if (c == ':') {
        DART_TRY_STATUS(variable());
      } else {
        ++at_;
      }
    }
    flush(text_.size());
    return std::move(out_);
  }

 private:
  /// The parser's own stack grows with the tokens of a statement.
  Status count_token(char c) {
    if (c == ';') {
      tokens_ = 0;
    } else if (!is_blank(c) && c != '\n' && (at_ == 0 || !is_name(c) || !is_name(text_[at_ - 1]))) {
      ++tokens_;
    }
    if (tokens_ <= kStatementTokens) return {};
    return fail(ErrorCode::Capacity,
                fmt::format("a statement has more than {} words and symbols", kStatementTokens),
                static_cast<std::uint32_t>(at_));
  }
  [[nodiscard]] bool starts(std::string_view word) const { return text_.substr(at_, word.size()) == word; }
  void flush(std::size_t end) {
    out_.copy(text_.substr(copied_, end - copied_), copied_);
    copied_ = end;
  }
  /// A doubled quote ends and begins again at once, which comes to the same. E'..' has backslash escapes.
  void skip_quoted(char quote) {
    const bool escapes = quote == '\'' && at_ > 0 && (text_[at_ - 1] == 'E' || text_[at_ - 1] == 'e') &&
                         (at_ < 2 || !is_name(text_[at_ - 2]));
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (escapes && text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }
  void skip_comment() {
    int depth = 0;
    do {
      if (starts("/*")) {
        ++depth;
        at_ += 2;
      } else if (starts("*/")) {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
  }
  void skip_dollar_quoted() {
    std::size_t end = at_ + 1;
    if (end < text_.size() && is_name_start(text_[end])) {
      while (end < text_.size() && is_name(text_[end])) ++end;
    }
    if (end >= text_.size() || text_[end] != '$') {
      ++at_;
      return;
    }
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
  }
  Status variable() {
    const std::size_t begin = at_;
    std::size_t end = at_ + 1;
    const char quote = end < text_.size() && (text_[end] == '\'' || text_[end] == '"') ? text_[end] : '\0';
    if (quote != '\0') ++end;
    const std::size_t name_begin = end;
    while (end < text_.size() && is_name(text_[end])) ++end;
    const std::string name(text_.substr(name_begin, end - name_begin));
    const bool closed = quote == '\0' || (end < text_.size() && text_[end] == quote);
    // A colon before a number is no variable: a[1:2].
    if (name.empty() || !closed || !is_name_start(name.front())) {
      ++at_;
      return {};
    }
    if (quote != '\0') ++end;
    const auto value = values_.find(name);
    if (value == values_.end()) return unknown(name, begin);
    flush(begin);
    out_.insert(quote == '\0' ? value->second : quoted(value->second, quote), begin);
    at_ = copied_ = end;
    return {};
  }
  [[nodiscard]] Status unknown(const std::string& name, std::size_t offset) const {
    std::vector<std::string_view> known;
    for (const auto& [other, value] : values_) known.push_back(other);
    const std::string near = columnar::nearest_name(name, known);
    return fail(ErrorCode::Binding, fmt::format("variable \"{}\" is not set", name),
                static_cast<std::uint32_t>(offset),
                near.empty() ? fmt::format("give it with -v {0}=... or with a line \\set {0} ...", name)
                             : fmt::format("did you mean \"{}\"?", near));
  }
  /// `\set name value...` to the end of the line.
  Status command() {
    const std::size_t begin = at_;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view line = text_.substr(begin + 1, end - begin - 1);
    std::size_t place = 0;
    const auto word = [&] {
      const std::size_t from = place;
      while (place < line.size() && !is_blank(line[place])) ++place;
      return line.substr(from, place - from);
    };
    const auto skip_blanks = [&] {
      while (place < line.size() && is_blank(line[place])) ++place;
    };
    const std::string_view name = word();
    if (name != "set") {
      return fail(ErrorCode::Unsupported, fmt::format("the command \\{} is not known here", name),
                  static_cast<std::uint32_t>(begin),
                  "of psql's commands only \\set name value is understood");
    }
    skip_blanks();
    const std::string variable(word());
    if (variable.empty() || !std::all_of(variable.begin(), variable.end(), is_name)) {
      return fail(ErrorCode::Syntax, "\\set needs the name of a variable and its value",
                  static_cast<std::uint32_t>(begin));
    }
    std::string value;
    for (skip_blanks(); place < line.size(); skip_blanks())
      DART_TRY_STATUS(set_value(line, place, begin + 1, value));
    if (!given_.contains(variable)) values_[variable] = value;
    flush(begin);
    at_ = copied_ = end;
    return {};
  }
  /// One word of a \set line, quoted or not; psql joins them without spaces.
  static Status set_value(std::string_view line, std::size_t& place, std::size_t line_offset,
                          std::string& value) {
    while (place < line.size() && !is_blank(line[place])) {
      if (line[place] != '\'') {
        value += line[place++];
        continue;
      }
      const std::size_t open = place++;
      for (bool inside = true; inside; ++place) {
        if (place >= line.size()) {
          return fail(ErrorCode::Syntax, "a quoted value of \\set does not end on its line",
                      static_cast<std::uint32_t>(line_offset + open));
        }
        if (line[place] != '\'') {
          value += line[place];
        } else if (place + 1 < line.size() && line[place + 1] == '\'') {
          value += line[place++];
        } else {
          inside = false;
        }
      }
    }
    return {};
  }

  std::string_view text_;
  const std::map<std::string, std::string>& given_;
  std::map<std::string, std::string> values_;
  std::size_t at_ = 0;
  std::size_t copied_ = 0;
  std::size_t tokens_ = 0;
  Substituted out_;
};

}  // namespace

Result<Substituted> substitute_variables(std::string_view text,
                                         const std::map<std::string, std::string>& variables) {
  return Substituter(text, variables).run();
}

}  // namespace dart::sql
