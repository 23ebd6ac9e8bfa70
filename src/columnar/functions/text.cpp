#include <algorithm>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/functions/text_kernels.hpp"
#include "columnar/functions/utf8.hpp"
#include "columnar/text_form.hpp"

/// Joining, measuring and cutting text; the rest is in text_more.cpp, patterns are in pattern.cpp.
namespace dart::columnar {

void append_cell(const Vector& vector, std::size_t row, std::string& out) {
  const LogicalType type = vector.type();
  switch (type.id) {
    case TypeId::Bool:
      out += vector.at<std::uint8_t>(row) != 0 ? 't' : 'f';
      return;
    case TypeId::Int:
    case TypeId::BigInt:
      return append_integer(vector.at<std::int64_t>(row), out);
    case TypeId::Double:
      return append_double(vector.at<double>(row), out);
    case TypeId::Numeric:
      return append_decimal(
          type.physical() == PhysicalType::Int64 ? vector.at<std::int64_t>(row) : vector.at<int128>(row),
          type.scale, out);
    case TypeId::Timestamp:
      return append_timestamp(vector.at<std::int64_t>(row), out);
    case TypeId::TimestampTz:
      return append_timestamptz(vector.at<std::int64_t>(row), out);
    case TypeId::Interval:
      return append_interval(vector.at<std::int64_t>(row), out);
    case TypeId::Null:
    case TypeId::Text:
    case TypeId::Jsonb:
      out += vector.at<StringRef>(row).view();
      return;
  }
}

namespace {

// || casts to text, which spells booleans out; concat prints them.
void append_cast(const Vector& vector, std::size_t row, std::string& out) {
  if (vector.type().id == TypeId::Bool) {
    out += vector.at<std::uint8_t>(row) != 0 ? "true" : "false";
  } else {
    append_cell(vector, row, out);
  }
}

void join_two(const KernelCall& call) {
  auto* const out = call.out.mutable_data<StringRef>();
  StringHeap& heap = call.out.heap();
  std::string text;
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = StringRef{};
    if (call.out.is_null(row)) continue;
    text.clear();
    append_cast(*call.arguments[0], row, text);
    append_cast(*call.arguments[1], row, text);
    out[row] = heap.add(text);
  }
}

void concat_kernel(const KernelCall& call) {
  auto* const out = call.out.mutable_data<StringRef>();
  StringHeap& heap = call.out.heap();
  std::string text;
  for (std::size_t row = 0; row < call.rows; ++row) {
    text.clear();
    for (const Vector* argument : call.arguments) {
      if (!argument->is_null(row)) append_cell(*argument, row, text);
    }
    out[row] = heap.add(text);
  }
}

void concat_ws_kernel(const KernelCall& call) {
  auto* const out = call.out.mutable_data<StringRef>();
  StringHeap& heap = call.out.heap();
  const Vector& separator = *call.arguments[0];
  std::string text;
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = StringRef{};
    if (separator.is_null(row)) {
      call.out.set_null(row);
      continue;
    }
    text.clear();
    bool first = true;
    for (const Vector* argument : call.arguments.subspan(1)) {
      if (argument->is_null(row)) continue;
      if (!first) text += separator.at<StringRef>(row).view();
      first = false;
      append_cell(*argument, row, text);
    }
    out[row] = heap.add(text);
  }
}

void length_kernel(const KernelCall& call) {
  each_row<std::int64_t, StringRef>(call, [](std::int64_t& r, const StringRef& a) -> const char* {
    r = static_cast<std::int64_t>(utf8::count(a.view()));
    return nullptr;
  });
}

template <std::int64_t unit>
void size_kernel(const KernelCall& call) {
  map_unary<std::int64_t, StringRef>(call, [](const StringRef& a) { return unit * a.size(); });
}

template <void (*append)(std::string_view, std::string&)>
void mapped_text(const KernelCall& call) {
  text_rows<StringRef>(call, [](std::string& out, const StringRef& a) -> const char* {
    append(a.view(), out);
    return nullptr;
  });
}

void append_initcap(std::string_view text, std::string& out) {
  bool inside_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t code_point = utf8::next(text, at);
    utf8::append(inside_word ? utf8::to_lower(code_point) : utf8::to_upper(code_point), out);
    inside_word = utf8::is_alphanumeric(code_point);
  }
}

void append_reverse(std::string_view text, std::string& out) {
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && utf8::continues(text[begin])) --begin;
    out += text.substr(begin, end - begin);
    end = begin;
  }
}

// n characters from the left; a negative n leaves that many out at the right.
void left_kernel(const KernelCall& call) {
  text_rows<StringRef, std::int64_t>(
      call, [](std::string& out, const StringRef& a, std::int64_t n) -> const char* {
        const std::string_view text = a.view();
        if (n < 0) n = std::max<std::int64_t>(0, static_cast<std::int64_t>(utf8::count(text)) + n);
        out += text.substr(0, utf8::offset(text, static_cast<std::size_t>(n)));
        return nullptr;
      });
}

void right_kernel(const KernelCall& call) {
  text_rows<StringRef, std::int64_t>(
      call, [](std::string& out, const StringRef& a, std::int64_t n) -> const char* {
        const std::string_view text = a.view();
        const auto characters = static_cast<std::int64_t>(utf8::count(text));
        const std::int64_t skipped =
            n < 0 ? std::min(-n, characters) : std::max<std::int64_t>(0, characters - n);
        out += text.substr(utf8::offset(text, static_cast<std::size_t>(skipped)));
        return nullptr;
      });
}

// Characters [start, start + length) counted from 1; what lies outside the text is empty.
const char* append_substring(std::string_view text, std::int64_t start, std::int64_t length,
                             std::string& out) {
  if (length < 0) return "negative substring length not allowed";
  std::int64_t end = 0;
  if (__builtin_add_overflow(start, length, &end)) end = INT64_MAX;
  start = std::max<std::int64_t>(start, 1);
  if (end <= start) return nullptr;
  const std::string_view rest = text.substr(utf8::offset(text, static_cast<std::size_t>(start - 1)));
  out += rest.substr(0, utf8::offset(rest, static_cast<std::size_t>(end - start)));
  return nullptr;
}

void substring_from(const KernelCall& call) {
  text_rows<StringRef, std::int64_t>(call, [](std::string& out, const StringRef& a, std::int64_t start) {
    return append_substring(a.view(), std::max<std::int64_t>(start, 1), INT64_MAX, out);
  });
}

void substring_for(const KernelCall& call) {
  text_rows<StringRef, std::int64_t, std::int64_t>(
      call, [](std::string& out, const StringRef& a, std::int64_t start, std::int64_t length) {
        return append_substring(a.view(), start, length, out);
      });
}

// Takes characters of `set` away from one or both ends.
template <bool left, bool right>
std::string_view trimmed(std::string_view text, std::string_view set) {
  const auto in_set = [set](std::string_view character) {
    return set.find(character) != std::string_view::npos;
  };
  while (left && !text.empty()) {
    const std::size_t size = utf8::offset(text, 1);
    if (!in_set(text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  while (right && !text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && utf8::continues(text[begin])) --begin;
    if (!in_set(text.substr(begin))) break;
    text = text.substr(0, begin);
  }
  return text;
}

template <bool left, bool right>
void trim_kernel(const KernelCall& call) {
  if (call.arguments.size() == 1) {
    text_rows<StringRef>(call, [](std::string& out, const StringRef& a) -> const char* {
      out += trimmed<left, right>(a.view(), " ");
      return nullptr;
    });
    return;
  }
  text_rows<StringRef, StringRef>(
      call, [](std::string& out, const StringRef& a, const StringRef& set) -> const char* {
        out += trimmed<left, right>(a.view(), set.view());
        return nullptr;
      });
}

// Fills up to `length` characters, or cuts to it.
template <bool left>
const char* append_padded(std::string_view text, std::int64_t length, std::string_view fill,
                          std::string& out) {
  const auto have = static_cast<std::int64_t>(utf8::count(text));
  length = std::max<std::int64_t>(length, 0);
  if (length > static_cast<std::int64_t>(kMaxTextBytes)) return kTextTooLong;
  if (have >= length || fill.empty()) {
    out += text.substr(0, utf8::offset(text, static_cast<std::size_t>(length)));
    return nullptr;
  }
  if (!left) out += text;
  const auto fill_characters = static_cast<std::int64_t>(utf8::count(fill));
  std::int64_t missing = length - have;
  for (; missing >= std::max<std::int64_t>(fill_characters, 1);
       missing -= std::max<std::int64_t>(fill_characters, 1)) {
    out += fill;
  }
  out += fill.substr(0, utf8::offset(fill, static_cast<std::size_t>(missing)));
  if (left) out += text;
  return nullptr;
}

template <bool left>
void pad_kernel(const KernelCall& call) {
  if (call.arguments.size() == 2) {
    text_rows<StringRef, std::int64_t>(call, [](std::string& out, const StringRef& a, std::int64_t length) {
      return append_padded<left>(a.view(), length, " ", out);
    });
    return;
  }
  text_rows<StringRef, std::int64_t, StringRef>(
      call, [](std::string& out, const StringRef& a, std::int64_t length, const StringRef& fill) {
        return append_padded<left>(a.view(), length, fill.view(), out);
      });
}

void strpos_kernel(const KernelCall& call) {
  each_row<std::int64_t, StringRef, StringRef>(
      call, [](std::int64_t& r, const StringRef& a, const StringRef& part) -> const char* {
        const std::size_t at = a.view().find(part.view());
        r = at == std::string_view::npos ? 0
                                         : static_cast<std::int64_t>(utf8::count(a.view().substr(0, at))) + 1;
        return nullptr;
      });
}

void starts_with_kernel(const KernelCall& call) {
  each_row<std::uint8_t, StringRef, StringRef>(
      call, [](std::uint8_t& r, const StringRef& a, const StringRef& start) -> const char* {
        r = static_cast<std::uint8_t>(a.view().starts_with(start.view()));
        return nullptr;
      });
}

// long: a table, one entry a signature
std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  constexpr TypeId kAny = Null;
  constexpr auto kJoin = bind_plain<join_two, Text>;
  constexpr auto kLength = bind_plain<length_kernel, Int>;
  constexpr auto kFrom = bind_plain<substring_from, Text>;
  constexpr auto kFor = bind_plain<substring_for, Text>;
  constexpr auto kTrim = bind_plain<trim_kernel<true, true>, Text>;
  constexpr auto kLeftTrim = bind_plain<trim_kernel<true, false>, Text>;
  constexpr auto kRightTrim = bind_plain<trim_kernel<false, true>, Text>;
  constexpr auto kStarts = bind_plain<starts_with_kernel, Bool>;
  constexpr auto kFind = bind_plain<strpos_kernel, Int>;
  return {
      {"||", {Text, Text}, false, kJoin, "both texts, one behind the other"},
      {"||", {Text, kAny}, false, kJoin, "both texts, one behind the other"},
      {"||", {kAny, Text}, false, kJoin, "both texts, one behind the other"},
      {"concat",
       {kAny},
       true,
       bind_seeing_nulls<concat_kernel, Text>,
       "all arguments that are not NULL",
       true},
      {"concat_ws",
       {Text, kAny},
       true,
       bind_seeing_nulls<concat_ws_kernel, Text>,
       "all arguments that are not NULL, separated by the first",
       true},
      {"length", {Text}, false, kLength, "number of characters"},
      {"char_length", {Text}, false, kLength, "number of characters"},
      {"character_length", {Text}, false, kLength, "number of characters"},
      {"octet_length", {Text}, false, bind_plain<size_kernel<1>, Int>, "number of bytes"},
      {"bit_length", {Text}, false, bind_plain<size_kernel<8>, Int>, "number of bits"},
      {"lower", {Text}, false, bind_plain<mapped_text<utf8::append_lower>, Text>, "in small letters"},
      {"upper", {Text}, false, bind_plain<mapped_text<utf8::append_upper>, Text>, "in capital letters"},
      {"initcap",
       {Text},
       false,
       bind_plain<mapped_text<append_initcap>, Text>,
       "words with a capital letter"},
      {"reverse",
       {Text},
       false,
       bind_plain<mapped_text<append_reverse>, Text>,
       "characters from last to first"},
      {"left",
       {Text, Int},
       false,
       bind_plain<left_kernel, Text>,
       "the first n characters; all but the last -n"},
      {"right",
       {Text, Int},
       false,
       bind_plain<right_kernel, Text>,
       "the last n characters; all but the first -n"},
      {"substr", {Text, Int}, false, kFrom, "from character n on"},
      {"substr", {Text, Int, Int}, false, kFor, "m characters from n on"},
      {"substring", {Text, Int}, false, kFrom, "from character n on"},
      {"substring", {Text, Int, Int}, false, kFor, "m characters from n on"},
      {"btrim", {Text}, false, kTrim, "without spaces at both ends"},
      {"btrim", {Text, Text}, false, kTrim, "without characters of a set at both ends"},
      {"ltrim", {Text}, false, kLeftTrim, "without spaces at the start"},
      {"ltrim", {Text, Text}, false, kLeftTrim, "without characters of a set at the start"},
      {"rtrim", {Text}, false, kRightTrim, "without spaces at the end"},
      {"rtrim", {Text, Text}, false, kRightTrim, "without characters of a set at the end"},
      {"lpad",
       {Text, Int},
       false,
       bind_plain<pad_kernel<true>, Text>,
       "filled up at the start to n characters"},
      {"lpad", {Text, Int, Text}, false, bind_plain<pad_kernel<true>, Text>, "filled up at the start"},
      {"rpad",
       {Text, Int},
       false,
       bind_plain<pad_kernel<false>, Text>,
       "filled up at the end to n characters"},
      {"rpad", {Text, Int, Text}, false, bind_plain<pad_kernel<false>, Text>, "filled up at the end"},
      {"strpos", {Text, Text}, false, kFind, "where the second text begins in the first; 0 when it does not"},
      {"position",
       {Text, Text},
       false,
       kFind,
       "where the second text begins in the first; 0 when it does not"},
      {"starts_with", {Text, Text}, false, kStarts, "whether the first begins with the second"},
      {"^@", {Text, Text}, false, kStarts, "whether the first begins with the second"},
  };
}

}  // namespace

std::span<const ScalarFunction> text_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
