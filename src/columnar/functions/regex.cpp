#include "columnar/functions/regex.hpp"

#include <fmt/format.h>

#include <span>

#include "columnar/functions/utf8.hpp"

namespace dart::columnar {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Turns a pattern of PostgreSQL's into one for regcomp, and remembers which groups capture.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : rest_(pattern) {}

  [[nodiscard]] Status run() {
    while (!rest_.empty()) {
      const char c = take();
      Status status;
      switch (c) {
        case '\\':
          status = escape();
          break;
        case '[':
          status = bracket();
          break;
        case '(':
          status = open_group();
          break;
        case '*':
        case '+':
        case '?':
        case '}':
          status = quantifier(c);
          break;
        default:
          out_ += c;
      }
      if (!status) return status;
    }
    if (has_reference_ && shifted_) return refuse("back references beside groups that do not capture");
    return {};
  }

  [[nodiscard]] const std::string& text() const { return out_; }
  [[nodiscard]] const std::vector<std::size_t>& capturing() const { return capturing_; }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  [[nodiscard]] static tl::unexpected<Error> refuse(std::string_view what) {
    return fail(ErrorCode::Unsupported, fmt::format("{} in a regular expression are not supported", what));
  }
  [[nodiscard]] static tl::unexpected<Error> invalid(std::string_view why) {
    return fail(ErrorCode::Data, fmt::format("invalid regular expression: {}", why));
  }

  Status quantifier(char c) {
    out_ += c;
    if (!rest_.empty() && rest_.front() == '?') return refuse("non-greedy quantifiers");
    return {};
  }

  Status open_group() {
    ++groups_;
    out_ += '(';
    if (rest_.empty() || rest_.front() != '?') {
      capturing_.push_back(groups_);
      return {};
    }
    if (rest_.starts_with("?:")) {
      rest_.remove_prefix(2);
      shifted_ = true;
      return {};
    }
    return refuse(rest_.starts_with("?=") || rest_.starts_with("?!") || rest_.starts_with("?<")
                      ? "lookaround constraints"
                      : "embedded options");
  }

  Status escape() {
    if (rest_.empty()) return invalid("invalid escape \\ sequence");
    const char c = take();
    switch (c) {
      case 'd':
        out_ += "[[:digit:]]";
        return {};
      case 'D':
        out_ += "[^[:digit:]]";
        return {};
      case 's':
        out_ += "[[:space:]]";
        return {};
      case 'S':
        out_ += "[^[:space:]]";
        return {};
      case 'w':
        out_ += "[[:alnum:]_]";
        return {};
      case 'W':
        out_ += "[^[:alnum:]_]";
        return {};
      case 'm':
        out_ += "\\<";
        return {};
      case 'M':
        out_ += "\\>";
        return {};
      case 'y':
        out_ += "\\b";
        return {};
      case 'Y':
        out_ += "\\B";
        return {};
      case 'A':
        out_ += "\\`";
        return {};
      case 'Z':
        out_ += "\\'";
        return {};
      default:
        return plain_escape(c);
    }
  }

  // Control characters, back references, and characters that stand for themselves.
  Status plain_escape(char c) {
    if (is_digit(c)) {
      if (c == '0') return refuse("octal escapes");
      has_reference_ = true;
      out_ += '\\';
      out_ += c;
      return {};
    }
    if (is_letter(c)) {
      const char control = control_character(c);
      if (control == '\0') return refuse(fmt::format("escapes \\{}", c));
      out_ += control;
      return {};
    }
    // What is no special character of POSIX must not get a backslash: its meaning would be undefined.
    if (std::string_view(".[]{}()\\*+?|^$").find(c) != std::string_view::npos) out_ += '\\';
    out_ += c;
    return {};
  }

  static char control_character(char c) {
    switch (c) {
      case 'a':
        return '\a';
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'v':
        return '\v';
      case 'B':
        return '\\';
      case 'e':
        return '\033';
      default:
        return '\0';
    }
  }

  Status bracket() {
    out_ += '[';
    if (!rest_.empty() && rest_.front() == '^') out_ += take();
    bool first = true;
    while (!rest_.empty()) {
      const char c = take();
      if (c == ']' && !first) {
        out_ += ']';
        return {};
      }
      first = false;
      if (c == '[' && !rest_.empty() &&
          (rest_.front() == ':' || rest_.front() == '.' || rest_.front() == '=')) {
        const char kind = rest_.front();
        const std::size_t end = rest_.find(std::string{kind, ']'}, 1);
        if (end == std::string_view::npos) return invalid("brackets [] not balanced");
        out_ += '[';
        out_ += rest_.substr(0, end + 2);
        rest_.remove_prefix(end + 2);
      } else if (c == '\\') {
        if (Status status = bracket_escape(); !status) return status;
      } else {
        out_ += c;
      }
    }
    return invalid("brackets [] not balanced");
  }

  // A backslash inside brackets means nothing to POSIX.
  Status bracket_escape() {
    if (rest_.empty()) return invalid("invalid escape \\ sequence");
    const char c = take();
    switch (c) {
      case 'd':
        out_ += "[:digit:]";
        return {};
      case 's':
        out_ += "[:space:]";
        return {};
      case 'w':
        out_ += "[:alnum:]_";
        return {};
      default:
        break;
    }
    if (is_letter(c) || is_digit(c)) {
      const char control = control_character(c);
      if (control == '\0') return refuse(fmt::format("escapes \\{} inside brackets", c));
      out_ += control;
      return {};
    }
    if (c == ']' || c == '^' || c == '-' || c == '[' || c == '\\') {
      out_ += fmt::format("[.{}.]", c);
    } else {
      out_ += c;
    }
    return {};
  }

  std::string_view rest_;
  std::string out_;
  std::vector<std::size_t> capturing_;
  std::size_t groups_ = 0;
  bool shifted_ = false;
  bool has_reference_ = false;
};

// What the letters mean to regcomp; `quoted` is set by q.
Result<int> options_of(std::string_view flags, bool& quoted) {
  int options = REG_EXTENDED;
  for (const char flag : flags) {
    switch (flag) {
      case 'i':
        options |= REG_ICASE;
        break;
      case 'c':
        options &= ~REG_ICASE;
        break;
      case 'n':
      case 'm':
        options |= REG_NEWLINE;
        break;
      case 's':
        options &= ~REG_NEWLINE;
        break;
      case 'q':
        quoted = true;
        break;
      case 'e':
      case 'g':
      case 't':
        break;
      case 'b':
      case 'p':
      case 'w':
      case 'x':
        return fail(ErrorCode::Unsupported,
                    fmt::format("regular expression option \"{}\" is not supported", flag));
      default:
        return fail(ErrorCode::Data, fmt::format("invalid regular expression option: \"{}\"", flag));
    }
  }
  return options;
}

std::string quoted_pattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(".[]{}()\\*+?|^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Utf8Scope::Utf8Scope() : before_(utf8::locale() != nullptr ? uselocale(utf8::locale()) : nullptr) {}

Utf8Scope::~Utf8Scope() {
  if (before_ != nullptr) uselocale(before_);
}

Result<Regex> Regex::compile(std::string_view pattern, std::string_view flags) {
  constexpr std::size_t kLongestPattern = 1U << 14;
  if (pattern.size() > kLongestPattern) return fail(ErrorCode::Capacity, "regular expression is too long");
  if (pattern.find('\0') != std::string_view::npos)
    return fail(ErrorCode::Data, "invalid regular expression");
  bool quoted = false;
  DART_TRY(const int options, options_of(flags, quoted));
  const std::string plain = quoted ? quoted_pattern(pattern) : std::string();
  Translator translator(quoted ? plain : pattern);
  DART_TRY_STATUS(translator.run());
  const Utf8Scope scope;
  auto compiled = std::make_unique<regex_t>();
  const int error = regcomp(compiled.get(), translator.text().c_str(), options);
  if (error != 0) {
    char message[160];
    regerror(error, compiled.get(), message, sizeof message);
    return fail(ErrorCode::Data, fmt::format("invalid regular expression: {}", message));
  }
  Regex regex;
  regex.compiled_ = std::shared_ptr<const regex_t>(compiled.release(), [](const regex_t* r) {
    auto* const mutable_regex = const_cast<regex_t*>(r);
    regfree(mutable_regex);
    delete mutable_regex;
  });
  regex.capturing_ = translator.capturing();
  return regex;
}

namespace {

/// Runs over the part of the text that found[0] names. With REG_STARTEND ^ still means the start of the whole
/// text. The call alone needs no zero at the end, but the address sanitizer looks for one: hence the copy.
bool execute(const regex_t& compiled, std::string_view text, std::span<regmatch_t> found) {
  const std::string terminated(text);
  return regexec(&compiled, terminated.c_str(), found.size(), found.data(), REG_STARTEND) == 0;
}

}  // namespace

bool Regex::search(std::string_view text, std::size_t from, std::vector<Match>& matches) const {
  std::vector<regmatch_t> found(compiled_->re_nsub + 1);
  found[0].rm_so = static_cast<regoff_t>(from);
  found[0].rm_eo = static_cast<regoff_t>(text.size());
  if (!execute(*compiled_, text, found)) return false;
  const auto match = [&](std::size_t group) {
    if (found[group].rm_so < 0) return Match{};
    return Match{static_cast<std::size_t>(found[group].rm_so), static_cast<std::size_t>(found[group].rm_eo)};
  };
  matches.assign(1, match(0));
  for (const std::size_t group : capturing_) matches.push_back(match(group));
  return true;
}

bool Regex::search(std::string_view text) const {
  regmatch_t whole{0, static_cast<regoff_t>(text.size())};
  return execute(*compiled_, text, std::span(&whole, 1));
}

}  // namespace dart::columnar
