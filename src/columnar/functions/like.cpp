#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/functions/text_kernels.hpp"
#include "columnar/functions/utf8.hpp"

/// LIKE and ILIKE: % is any text, _ any one character, \ takes the next character as it is.
namespace dart::columnar {
namespace {

constexpr const char* kBadEnd = "LIKE pattern must not end with escape character";

// A pattern that was looked at once. Most are a plain text with % at its ends, which need no matching proper.
struct LikePattern {
  enum class Shape : std::uint8_t { Exact, Prefix, Suffix, Inside, General };

  explicit LikePattern(std::string_view pattern) : text(pattern) {
    std::string plain;
    bool wild_before = false;
    bool wild_behind = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      char c = pattern[i];
      if (c == '%') {
        (plain.empty() ? wild_before : wild_behind) = true;
        continue;
      }
      if (c == '\\') {
        if (++i == pattern.size()) {
          bad = true;
          return;
        }
        c = pattern[i];
      } else if (c == '_') {
        return;
      }
      if (wild_behind) return;
      plain += c;
    }
    text = plain;
    shape = wild_before ? (wild_behind || plain.empty() ? Shape::Inside : Shape::Suffix)
                        : (wild_behind ? Shape::Prefix : Shape::Exact);
  }

  std::string text;  ///< the plain text, or the whole pattern when the shape is General
  Shape shape = Shape::General;
  bool bad = false;
};

// Goes back to the last % on a mismatch: quadratic at worst.
bool matches_general(std::string_view text, std::string_view pattern, const char*& reason) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = kNone;
  std::size_t retry = 0;
  while (true) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = ++p;
      retry = t;
      continue;
    }
    bool matched = false;
    if (p < pattern.size() && t < text.size()) {
      if (pattern[p] == '_') {
        t += utf8::offset(text.substr(t), 1);
        ++p;
        matched = true;
      } else {
        const std::size_t literal = pattern[p] == '\\' ? p + 1 : p;
        if (literal == pattern.size()) {
          reason = kBadEnd;
          return false;
        }
        if (pattern[literal] == text[t]) {
          p = literal + 1;
          ++t;
          matched = true;
        }
      }
    } else if (p == pattern.size() && t == text.size()) {
      return true;
    }
    if (matched) continue;
    if (star == kNone || retry >= text.size()) return false;
    retry += utf8::offset(text.substr(retry), 1);
    t = retry;
    p = star;
  }
}

bool matches(std::string_view text, const LikePattern& pattern, const char*& reason) {
  switch (pattern.shape) {
    case LikePattern::Shape::Exact:
      return text == pattern.text;
    case LikePattern::Shape::Prefix:
      return text.starts_with(pattern.text);
    case LikePattern::Shape::Suffix:
      return text.ends_with(pattern.text);
    case LikePattern::Shape::Inside:
      return text.find(pattern.text) != std::string_view::npos;
    case LikePattern::Shape::General:
      break;
  }
  return matches_general(text, pattern.text, reason);
}

template <bool ignore_case, bool negated>
void like_kernel(const KernelCall& call) {
  const auto* const prepared = static_cast<const LikePattern*>(call.state);
  std::string lowered_text;
  std::string lowered_pattern;
  each_row<std::uint8_t, StringRef, StringRef>(
      call, [&](std::uint8_t& r, const StringRef& a, const StringRef& b) -> const char* {
        std::string_view text = a.view();
        if (ignore_case) {
          lowered_text.clear();
          utf8::append_lower(text, lowered_text);
          text = lowered_text;
        }
        const char* reason = nullptr;
        bool found = false;
        if (prepared != nullptr) {
          found = matches(text, *prepared, reason);
        } else {
          std::string_view pattern = b.view();
          if (ignore_case) {
            lowered_pattern.clear();
            utf8::append_lower(pattern, lowered_pattern);
            pattern = lowered_pattern;
          }
          found = matches_general(text, pattern, reason);
        }
        r = static_cast<std::uint8_t>(found != negated);
        return reason;
      });
}

template <bool ignore_case, bool negated>
Result<BoundFunction> bind_like(Types, Constants constants) {
  const LogicalType result = LogicalType::of(TypeId::Bool);
  const Value* const pattern = known(constants, 1);
  if (pattern == nullptr) return BoundFunction{result, like_kernel<ignore_case, negated>, nullptr, true};
  std::string text = pattern->text();
  if (ignore_case) {
    text.clear();
    utf8::append_lower(pattern->text(), text);
  }
  LikePattern prepared(text);
  // Not an error for texts that differ before the end, so it is left to the rows.
  if (prepared.bad) return BoundFunction{result, like_kernel<ignore_case, negated>, nullptr, true};
  return bound_with(result, like_kernel<ignore_case, negated>, std::move(prepared));
}

// The pattern of `LIKE pattern ESCAPE escape` with \ as its escape character.
void like_escape_kernel(const KernelCall& call) {
  text_rows<StringRef, StringRef>(
      call, [](std::string& out, const StringRef& a, const StringRef& escape) -> const char* {
        if (utf8::count(escape.view()) > 1) return "invalid escape string";
        const std::string_view pattern = a.view();
        for (std::size_t at = 0; at < pattern.size();) {
          if (!escape.view().empty() && pattern.substr(at).starts_with(escape.view())) {
            at += escape.size();
            out += '\\';
            if (at == pattern.size()) break;
            // What is escaped stands for itself, the escape character too.
            const std::size_t size = utf8::offset(pattern.substr(at), 1);
            out += pattern.substr(at, size);
            at += size;
            continue;
          }
          if (pattern[at] == '\\') out += '\\';
          out += pattern[at++];
        }
        return nullptr;
      });
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  return {
      {"~~", {Text, Text}, false, bind_like<false, false>, "LIKE"},
      {"~~*", {Text, Text}, false, bind_like<true, false>, "ILIKE"},
      {"!~~", {Text, Text}, false, bind_like<false, true>, "NOT LIKE"},
      {"!~~*", {Text, Text}, false, bind_like<true, true>, "NOT ILIKE"},
      {"like_escape", {Text, Text}, false, bind_plain<like_escape_kernel, Text>, "LIKE ... ESCAPE"},
  };
}

}  // namespace

std::span<const ScalarFunction> like_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
