#include <algorithm>
#include <array>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/functions/md5.hpp"
#include "columnar/functions/quoting.hpp"
#include "columnar/functions/text_kernels.hpp"
#include "columnar/functions/utf8.hpp"

/// Replacing, splitting, quoting and encoding text.
namespace dart::columnar {
namespace {

void replace_kernel(const KernelCall& call) {
  text_rows<StringRef, StringRef, StringRef>(
      call,
      [](std::string& out, const StringRef& a, const StringRef& from, const StringRef& to) -> const char* {
        const std::string_view text = a.view();
        std::size_t at = 0;
        while (!from.view().empty()) {
          const std::size_t found = text.find(from.view(), at);
          if (found == std::string_view::npos) break;
          out += text.substr(at, found - at);
          out += to.view();
          if (out.size() > kMaxTextBytes) return kTextTooLong;
          at = found + from.size();
        }
        out += text.substr(at);
        return nullptr;
      });
}

void repeat_kernel(const KernelCall& call) {
  text_rows<StringRef, std::int64_t>(
      call, [](std::string& out, const StringRef& a, std::int64_t times) -> const char* {
        times = std::max<std::int64_t>(times, 0);
        if (static_cast<std::uint64_t>(times) * a.size() > kMaxTextBytes) return kTextTooLong;
        if (a.size() == 0) return nullptr;
        for (; times > 0; --times) out += a.view();
        return nullptr;
      });
}

// Field n counted from 1, or from the end when n is negative.
const char* append_part(std::string_view text, std::string_view separator, std::int64_t n, std::string& out) {
  if (n == 0) return "field position must not be zero";
  if (separator.empty()) {
    if (n == 1 || n == -1) out += text;
    return nullptr;
  }
  if (n < 0) {
    std::int64_t fields = 1;
    for (std::size_t at = text.find(separator); at != std::string_view::npos;
         at = text.find(separator, at + separator.size())) {
      ++fields;
    }
    n += fields + 1;
    if (n <= 0) return nullptr;
  }
  for (; n > 1; --n) {
    const std::size_t found = text.find(separator);
    if (found == std::string_view::npos) return nullptr;
    text.remove_prefix(found + separator.size());
  }
  out += text.substr(0, text.find(separator));
  return nullptr;
}

void split_part_kernel(const KernelCall& call) {
  text_rows<StringRef, StringRef, std::int64_t>(
      call, [](std::string& out, const StringRef& a, const StringRef& separator, std::int64_t n) {
        return append_part(a.view(), separator.view(), n, out);
      });
}

void translate_kernel(const KernelCall& call) {
  text_rows<StringRef, StringRef, StringRef>(
      call,
      [](std::string& out, const StringRef& a, const StringRef& from, const StringRef& to) -> const char* {
        const std::string_view text = a.view();
        for (std::size_t at = 0; at < text.size();) {
          const std::size_t size = utf8::offset(text.substr(at), 1);
          const std::string_view character = text.substr(at, size);
          at += size;
          const std::size_t found = from.view().find(character);
          if (found == std::string_view::npos) {
            out += character;
            continue;
          }
          const std::string_view rest =
              to.view().substr(utf8::offset(to.view(), utf8::count(from.view().substr(0, found))));
          out += rest.substr(0, utf8::offset(rest, 1));
        }
        return nullptr;
      });
}

void ascii_kernel(const KernelCall& call) {
  each_row<std::int64_t, StringRef>(call, [](std::int64_t& r, const StringRef& a) -> const char* {
    std::size_t at = 0;
    r = a.size() == 0 ? 0 : utf8::next(a.view(), at);
    return nullptr;
  });
}

void chr_kernel(const KernelCall& call) {
  text_rows<std::int64_t>(call, [](std::string& out, std::int64_t code) -> const char* {
    if (code < 0) return "character number must be positive";
    if (code == 0) return "null character not permitted";
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return "requested character too large for encoding";
    utf8::append(static_cast<std::uint32_t>(code), out);
    return nullptr;
  });
}

template <bool is_int>
void to_hex_kernel(const KernelCall& call) {
  text_rows<std::int64_t>(call, [](std::string& out, std::int64_t value) -> const char* {
    std::uint64_t rest = is_int ? static_cast<std::uint32_t>(value) : static_cast<std::uint64_t>(value);
    std::array<char, 16> digits{};
    std::size_t first = digits.size();
    do {
      digits[--first] = "0123456789abcdef"[rest % 16];
      rest /= 16;
    } while (rest != 0);
    out.append(digits.data() + first, digits.size() - first);
    return nullptr;
  });
}

void md5_kernel(const KernelCall& call) {
  text_rows<StringRef>(call, [](std::string& out, const StringRef& a) -> const char* {
    append_md5(a.view(), out);
    return nullptr;
  });
}

void quote_ident_kernel(const KernelCall& call) {
  text_rows<StringRef>(call, [](std::string& out, const StringRef& a) -> const char* {
    append_quoted_identifier(a.view(), out);
    return nullptr;
  });
}

// Of any type, by its text; NULL as the word where `nullable`, otherwise as NULL.
template <bool nullable>
void quote_literal_kernel(const KernelCall& call) {
  auto* const out = call.out.mutable_data<StringRef>();
  const Vector& a = *call.arguments[0];
  std::string cell;
  std::string text;
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = StringRef{};
    text.clear();
    if (a.is_null(row)) {
      if (nullable) out[row] = StringRef("NULL");
      continue;
    }
    cell.clear();
    append_cell(a, row, cell);
    append_quoted_literal(cell, text);
    out[row] = call.out.heap().add(text);
  }
}

const char* append_overlay(std::string_view text, std::string_view with, std::int64_t start,
                           std::int64_t length, std::string& out) {
  if (start <= 0) return "negative substring length not allowed";
  const std::size_t begin = utf8::offset(text, static_cast<std::size_t>(start - 1));
  out += text.substr(0, begin);
  out += with;
  const std::int64_t behind = std::max<std::int64_t>(0, start - 1 + length);
  out += text.substr(utf8::offset(text, static_cast<std::size_t>(behind)));
  return nullptr;
}

void overlay_kernel(const KernelCall& call) {
  text_rows<StringRef, StringRef, std::int64_t>(
      call, [](std::string& out, const StringRef& a, const StringRef& with, std::int64_t start) {
        return append_overlay(a.view(), with.view(), start,
                              static_cast<std::int64_t>(utf8::count(with.view())), out);
      });
}

void overlay_for_kernel(const KernelCall& call) {
  text_rows<StringRef, StringRef, std::int64_t, std::int64_t>(
      call, [](std::string& out, const StringRef& a, const StringRef& with, std::int64_t start,
               std::int64_t length) { return append_overlay(a.view(), with.view(), start, length, out); });
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  return {
      {"replace",
       {Text, Text, Text},
       false,
       bind_plain<replace_kernel, Text>,
       "all of the second text by the third"},
      {"repeat", {Text, Int}, false, bind_plain<repeat_kernel, Text>, "n times the text"},
      {"split_part",
       {Text, Text, Int},
       false,
       bind_plain<split_part_kernel, Text>,
       "field n between separators"},
      {"translate",
       {Text, Text, Text},
       false,
       bind_plain<translate_kernel, Text>,
       "characters of a set by others"},
      {"ascii", {Text}, false, bind_plain<ascii_kernel, Int>, "code of the first character"},
      {"chr", {Int}, false, bind_plain<chr_kernel, Text>, "the character with a code"},
      {"to_hex", {Int}, false, bind_plain<to_hex_kernel<true>, Text>, "hexadecimal digits"},
      {"to_hex", {BigInt}, false, bind_plain<to_hex_kernel<false>, Text>, "hexadecimal digits"},
      {"md5", {Text}, false, bind_plain<md5_kernel, Text>, "MD5 hash in hexadecimal digits"},
      {"quote_ident", {Text}, false, bind_plain<quote_ident_kernel, Text>, "as an SQL name"},
      {"quote_literal", {Null}, false, bind_plain<quote_literal_kernel<false>, Text>, "as an SQL literal"},
      {"quote_nullable",
       {Null},
       false,
       bind_seeing_nulls<quote_literal_kernel<true>, Text>,
       "as an SQL literal or NULL"},
      {"overlay",
       {Text, Text, Int},
       false,
       bind_plain<overlay_kernel, Text>,
       "with a part from n on replaced"},
      {"overlay",
       {Text, Text, Int, Int},
       false,
       bind_plain<overlay_for_kernel, Text>,
       "with m characters replaced"},
  };
}

}  // namespace

std::span<const ScalarFunction> text_more_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
