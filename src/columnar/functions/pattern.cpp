#include <algorithm>
#include <optional>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/functions/regex.hpp"
#include "columnar/functions/text_kernels.hpp"
#include "columnar/functions/utf8.hpp"

/// Operators and functions with regular expressions.
namespace dart::columnar {
namespace {

constexpr const char* kInvalid = "invalid regular expression";

// The expression of a call whose pattern and flags are literals.
struct RegexState {
  std::optional<Regex> regex;
};

// The expression of each row: the prepared one, or the last one compiled as long as pattern and flags stay
// the same.
class RegexOfRow {
 public:
  explicit RegexOfRow(const KernelCall& call) {
    const auto* const state = static_cast<const RegexState*>(call.state);
    if (state != nullptr && state->regex) prepared_ = &*state->regex;
  }
  // Null when the pattern or the flags are not valid.
  const Regex* get(std::string_view pattern, std::string_view flags) {
    if (prepared_ != nullptr) return prepared_;
    if (!last_ || pattern != pattern_ || flags != flags_) {
      pattern_ = pattern;
      flags_ = flags;
      auto compiled = Regex::compile(pattern, flags);
      last_ = compiled ? std::optional<Regex>(*std::move(compiled)) : std::nullopt;
    }
    return last_ ? &*last_ : nullptr;
  }

 private:
  const Regex* prepared_ = nullptr;
  std::optional<Regex> last_;
  std::string pattern_;
  std::string flags_;
};

std::string_view text_at(const KernelCall& call, std::size_t argument, std::size_t row) {
  return call.arguments[argument]->at<StringRef>(row).view();
}

// Prepares the expression of argument 1 when it and the flags (argument `flags`, if any) are literals.
Result<BoundFunction> bind_regex(LogicalType result, Kernel kernel, Constants constants,
                                 std::string_view fixed_flags, std::size_t flags = 0) {
  RegexState state;
  const Value* const pattern = known(constants, 1);
  const bool has_flags = flags != 0 && flags < constants.size();
  const Value* const letters = has_flags ? known(constants, flags) : nullptr;
  if (pattern != nullptr && (!has_flags || letters != nullptr)) {
    DART_TRY(state.regex,
             Regex::compile(pattern->text(), letters != nullptr ? letters->text() : fixed_flags));
  }
  return bound_with(result, kernel, std::move(state));
}

template <bool ignore_case, bool negated>
void match_kernel(const KernelCall& call) {
  const Utf8Scope scope;
  RegexOfRow regexes(call);
  each_row<std::uint8_t, StringRef, StringRef>(
      call, [&](std::uint8_t& r, const StringRef& a, const StringRef& pattern) -> const char* {
        const Regex* const regex = regexes.get(pattern.view(), ignore_case ? "i" : "");
        if (regex == nullptr) return kInvalid;
        r = static_cast<std::uint8_t>(regex->search(a.view()) != negated);
        return nullptr;
      });
}

template <bool ignore_case, bool negated>
Result<BoundFunction> bind_match(Types, Constants constants) {
  return bind_regex(LogicalType::of(TypeId::Bool), match_kernel<ignore_case, negated>, constants,
                    ignore_case ? "i" : "");
}

// Visits rows that are not NULL with their expression: f(row, text, regex) returns null or a reason.
template <class R, class F>
void regex_rows(const KernelCall& call, std::size_t flags, F f) {
  const Utf8Scope scope;
  RegexOfRow regexes(call);
  R* const out = call.out.mutable_data<R>();
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = R{};
    if (call.out.is_null(row)) continue;
    const std::string_view letters =
        flags < call.arguments.size() ? text_at(call, flags, row) : std::string_view();
    const Regex* const regex = regexes.get(text_at(call, 1, row), letters);
    const char* const reason = regex == nullptr ? kInvalid : f(row, text_at(call, 0, row), *regex, letters);
    if (reason != nullptr) call.errors.mark(row, reason);
  }
}

// The whole number in argument i, or `otherwise` when the call has no such argument.
std::int64_t number_at(const KernelCall& call, std::size_t i, std::size_t row, std::int64_t otherwise) {
  return i < call.arguments.size() ? call.arguments[i]->at<std::int64_t>(row) : otherwise;
}

// Where to go on behind a match: an empty one moves a character further.
std::size_t behind(const Regex::Match& match, std::string_view text) {
  if (match.end > match.begin) return match.end;
  return match.end + std::max<std::size_t>(1, utf8::offset(text.substr(std::min(match.end, text.size())), 1));
}

void like_kernel(const KernelCall& call) {
  regex_rows<std::uint8_t>(
      call, 2,
      [&](std::size_t row, std::string_view text, const Regex& regex, std::string_view) -> const char* {
        call.out.mutable_data<std::uint8_t>()[row] = static_cast<std::uint8_t>(regex.search(text));
        return nullptr;
      });
}

void count_kernel(const KernelCall& call) {
  std::vector<Regex::Match> matches;
  regex_rows<std::int64_t>(
      call, 3,
      [&](std::size_t row, std::string_view text, const Regex& regex, std::string_view) -> const char* {
        const std::int64_t start = number_at(call, 2, row, 1);
        if (start <= 0) return "invalid value for parameter \"start\"";
        std::int64_t count = 0;
        for (std::size_t at = utf8::offset(text, static_cast<std::size_t>(start - 1));
             at <= text.size() && regex.search(text, at, matches); at = behind(matches[0], text)) {
          ++count;
        }
        call.out.mutable_data<std::int64_t>()[row] = count;
        return nullptr;
      });
}

// The n-th match at or behind a character; false when there are fewer.
bool find_match(const Regex& regex, std::string_view text, std::int64_t start, std::int64_t n,
                std::vector<Regex::Match>& matches) {
  std::size_t at = utf8::offset(text, static_cast<std::size_t>(start - 1));
  while (at <= text.size() && regex.search(text, at, matches)) {
    if (--n == 0) return true;
    at = behind(matches[0], text);
  }
  return false;
}

void store_text(const KernelCall& call, std::size_t row, std::string_view text) {
  call.out.mutable_data<StringRef>()[row] = call.out.heap().add(text);
}

void substr_kernel(const KernelCall& call) {
  std::vector<Regex::Match> matches;
  regex_rows<StringRef>(
      call, 4,
      [&](std::size_t row, std::string_view text, const Regex& regex, std::string_view) -> const char* {
        const std::int64_t start = number_at(call, 2, row, 1);
        const std::int64_t n = number_at(call, 3, row, 1);
        const std::int64_t group = number_at(call, 5, row, 0);
        if (start <= 0) return "invalid value for parameter \"start\"";
        if (n <= 0) return "invalid value for parameter \"n\"";
        if (group < 0) return "invalid value for parameter \"subexpr\"";
        const auto index = static_cast<std::size_t>(group);
        if (index <= regex.groups() && find_match(regex, text, start, n, matches) &&
            matches[index].present()) {
          store_text(call, row, matches[index].of(text));
        } else {
          call.out.set_null(row);
        }
        return nullptr;
      });
}

// (text, pattern[, start[, n[, behind[, flags[, group]]]]]): the character where the match begins, or the one
// behind it.
void instr_kernel(const KernelCall& call) {
  std::vector<Regex::Match> matches;
  regex_rows<std::int64_t>(
      call, 5,
      [&](std::size_t row, std::string_view text, const Regex& regex, std::string_view) -> const char* {
        const std::int64_t start = number_at(call, 2, row, 1);
        const std::int64_t n = number_at(call, 3, row, 1);
        const std::int64_t end = number_at(call, 4, row, 0);
        const std::int64_t group = number_at(call, 6, row, 0);
        if (start <= 0) return "invalid value for parameter \"start\"";
        if (n <= 0) return "invalid value for parameter \"n\"";
        if (end != 0 && end != 1) return "invalid value for parameter \"endoption\"";
        if (group < 0) return "invalid value for parameter \"subexpr\"";
        const auto index = static_cast<std::size_t>(group);
        if (index > regex.groups() || !find_match(regex, text, start, n, matches) ||
            !matches[index].present()) {
          return nullptr;
        }
        const std::size_t at = end == 0 ? matches[index].begin : matches[index].end;
        call.out.mutable_data<std::int64_t>()[row] =
            static_cast<std::int64_t>(utf8::count(text.substr(0, at))) + 1;
        return nullptr;
      });
}

// substring(text from pattern): the first group, or everything that matched when there is none.
void substring_kernel(const KernelCall& call) {
  std::vector<Regex::Match> matches;
  regex_rows<StringRef>(
      call, 2,
      [&](std::size_t row, std::string_view text, const Regex& regex, std::string_view) -> const char* {
        const std::size_t group = regex.groups() > 0 ? 1 : 0;
        if (regex.search(text, 0, matches) && matches[group].present()) {
          store_text(call, row, matches[group].of(text));
        } else {
          call.out.set_null(row);
        }
        return nullptr;
      });
}

// \1 to \9 are groups, \& is the whole match, \\ a backslash.
void append_replacement(std::string_view replacement, std::string_view text,
                        const std::vector<Regex::Match>& matches, std::string& out) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 == replacement.size()) {
      out += replacement[i];
      continue;
    }
    const char c = replacement[++i];
    if (c == '&') {
      out += matches[0].of(text);
    } else if (c >= '1' && c <= '9') {
      const auto group = static_cast<std::size_t>(c - '0');
      if (group < matches.size() && matches[group].present()) out += matches[group].of(text);
    } else if (c == '\\') {
      out += '\\';
    } else {
      out += '\\';
      out += c;
    }
  }
}

// Replaces match n, or all of them when n is 0, at or behind byte `at`.
void append_replaced(const Regex& regex, std::string_view text, std::string_view replacement, std::size_t at,
                     std::int64_t n, std::string& out) {
  std::vector<Regex::Match> matches;
  std::size_t copied = 0;
  for (std::int64_t found = 1; at <= text.size() && regex.search(text, at, matches); ++found) {
    at = behind(matches[0], text);
    if (n != 0 && found != n) continue;
    out += text.substr(copied, matches[0].begin - copied);
    append_replacement(replacement, text, matches, out);
    copied = matches[0].end;
    if (n != 0 || out.size() > kMaxTextBytes) break;
  }
  out += text.substr(copied);
}

// (text, pattern, replacement[, flags])
void replace_kernel(const KernelCall& call) {
  std::string out;
  regex_rows<StringRef>(call, 3,
                        [&](std::size_t row, std::string_view text, const Regex& regex,
                            std::string_view letters) -> const char* {
                          out.clear();
                          const bool all = letters.find('g') != std::string_view::npos;
                          append_replaced(regex, text, text_at(call, 2, row), 0, all ? 0 : 1, out);
                          if (out.size() > kMaxTextBytes) return kTextTooLong;
                          store_text(call, row, out);
                          return nullptr;
                        });
}

// (text, pattern, replacement, start[, n[, flags]])
void replace_from_kernel(const KernelCall& call) {
  std::string out;
  regex_rows<StringRef>(call, 5,
                        [&](std::size_t row, std::string_view text, const Regex& regex,
                            std::string_view letters) -> const char* {
                          const std::int64_t start = number_at(call, 3, row, 1);
                          const std::int64_t n =
                              number_at(call, 4, row, letters.find('g') != std::string_view::npos ? 0 : 1);
                          if (start <= 0) return "invalid value for parameter \"start\"";
                          if (n < 0) return "invalid value for parameter \"n\"";
                          out.clear();
                          append_replaced(regex, text, text_at(call, 2, row),
                                          utf8::offset(text, static_cast<std::size_t>(start - 1)), n, out);
                          if (out.size() > kMaxTextBytes) return kTextTooLong;
                          store_text(call, row, out);
                          return nullptr;
                        });
}

template <Kernel kernel, TypeId result, std::size_t flags>
Result<BoundFunction> bind_function(Types, Constants constants) {
  return bind_regex(LogicalType::of(result), kernel, constants, "", flags);
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  std::vector<ScalarFunction> list;
  const auto add = [&](std::string_view name, std::vector<TypeId> types, auto bind,
                       std::string_view summary) {
    list.push_back({name, std::move(types), false, bind, summary});
  };
  add("~", {Text, Text}, bind_match<false, false>, "matches a regular expression");
  add("~*", {Text, Text}, bind_match<true, false>, "matches a regular expression, any case");
  add("!~", {Text, Text}, bind_match<false, true>, "does not match a regular expression");
  add("!~*", {Text, Text}, bind_match<true, true>, "does not match a regular expression, any case");
  constexpr auto kLike = bind_function<like_kernel, Bool, 2>;
  add("regexp_like", {Text, Text}, kLike, "whether it matches");
  add("regexp_like", {Text, Text, Text}, kLike, "whether it matches, with flags");
  constexpr auto kCount = bind_function<count_kernel, Int, 3>;
  add("regexp_count", {Text, Text}, kCount, "number of matches");
  add("regexp_count", {Text, Text, Int}, kCount, "number of matches from character n on");
  add("regexp_count", {Text, Text, Int, Text}, kCount, "number of matches, with flags");
  constexpr auto kSubstr = bind_function<substr_kernel, Text, 4>;
  add("regexp_substr", {Text, Text}, kSubstr, "the part that matches");
  add("regexp_substr", {Text, Text, Int}, kSubstr, "the part from character n on that matches");
  add("regexp_substr", {Text, Text, Int, Int}, kSubstr, "match m from character n on");
  add("regexp_substr", {Text, Text, Int, Int, Text}, kSubstr, "match m, with flags");
  add("regexp_substr", {Text, Text, Int, Int, Text, Int}, kSubstr, "group k of match m");
  std::vector<TypeId> places = {Text, Text};
  for (const TypeId next : {Null, Int, Int, Int, Text, Int}) {
    if (next != Null) places.push_back(next);
    add("regexp_instr", places, bind_function<instr_kernel, Int, 5>, "the place of match m");
  }
  add("substring", {Text, Text}, bind_function<substring_kernel, Text, 2>,
      "the part that matches, or its first group");
  constexpr auto kReplace = bind_function<replace_kernel, Text, 3>;
  add("regexp_replace", {Text, Text, Text}, kReplace, "with the first match replaced");
  add("regexp_replace", {Text, Text, Text, Text}, kReplace,
      "with the first match, or by flag g all, replaced");
  constexpr auto kReplaceFrom = bind_function<replace_from_kernel, Text, 5>;
  add("regexp_replace", {Text, Text, Text, Int}, kReplaceFrom, "with a match from character n on replaced");
  add("regexp_replace", {Text, Text, Text, Int, Int}, kReplaceFrom, "with match m (0: all) replaced");
  add("regexp_replace", {Text, Text, Text, Int, Int, Text}, kReplaceFrom,
      "with match m replaced, with flags");
  return list;
}

}  // namespace

std::span<const ScalarFunction> pattern_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
