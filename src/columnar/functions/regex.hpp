#pragma once

#include <locale.h>
#include <regex.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dart::columnar {

/// A compiled regular expression: POSIX extended, with those escapes of PostgreSQL's that have a counterpart
/// (\d \s \w \D \S \W \m \M \y \A \Z) and groups that do not capture. Lookaround, non-greedy quantifiers and
/// embedded options are refused by name. Patterns and texts are UTF-8. Never changes once made, so it may be
/// shared.
class Regex {
 public:
  /// Bytes [begin, end) of the text; absent groups have begin npos.
  struct Match {
    std::size_t begin = std::string_view::npos;
    std::size_t end = std::string_view::npos;
    [[nodiscard]] bool present() const { return begin != std::string_view::npos; }
    [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  };

  /// `flags` are letters: i and c (case), n, m, p, w (newlines), s, t and e (defaults), q (the pattern is
  /// plain text); g is for the caller. The Error says what is wrong with the pattern or the flags.
  [[nodiscard]] static Result<Regex> compile(std::string_view pattern, std::string_view flags);

  /// Whether it matches anywhere at or behind `from`. matches[0] is the whole match, matches[k] group k.
  [[nodiscard]] bool search(std::string_view text, std::size_t from, std::vector<Match>& matches) const;
  [[nodiscard]] bool search(std::string_view text) const;
  [[nodiscard]] std::size_t groups() const { return capturing_.size(); }

 private:
  Regex() = default;

  std::shared_ptr<const regex_t> compiled_;
  std::vector<std::size_t> capturing_;  ///< POSIX group of each group that captures
};

/// Makes this thread read multi-byte characters as UTF-8 while it lives; held around compiling and matching.
class Utf8Scope {
 public:
  Utf8Scope();
  ~Utf8Scope();
  Utf8Scope(const Utf8Scope&) = delete;
  Utf8Scope& operator=(const Utf8Scope&) = delete;

 private:
  locale_t before_;
};

}  // namespace dart::columnar
