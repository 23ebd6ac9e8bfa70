#include <algorithm>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/functions/quoting.hpp"
#include "columnar/functions/text_kernels.hpp"
#include "columnar/functions/utf8.hpp"

/// format(text, ...): %[position$][-][width]type with the types s, I and L, and %%.
namespace dart::columnar {
namespace {

constexpr const char* kTooFew = "too few arguments for format()";
constexpr const char* kUnterminated = "unterminated format() type specifier";

struct Specifier {
  std::size_t position = 0;  ///< 0: the next argument
  bool left = false;
  std::int64_t width = 0;
  char type = 's';
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A number below 10^9; false, and nothing read, when there is none.
bool read_number(std::string_view text, std::size_t& at, std::int64_t& number) {
  const std::size_t begin = at;
  number = 0;
  while (at < text.size() && is_digit(text[at]) && at - begin < 9) number = number * 10 + (text[at++] - '0');
  return at > begin;
}

// Reads what follows the percent sign.
const char* read_specifier(std::string_view text, std::size_t& at, Specifier& specifier) {
  const std::size_t begin = at;
  std::int64_t number = 0;
  if (read_number(text, at, number) && at < text.size() && text[at] == '$') {
    if (number == 0) return "format specifies argument 0, but arguments are numbered from 1";
    specifier.position = static_cast<std::size_t>(number);
    ++at;
  } else {
    at = begin;
  }
  while (at < text.size() && text[at] == '-') {
    specifier.left = true;
    ++at;
  }
  read_number(text, at, specifier.width);
  if (at == text.size()) return kUnterminated;
  specifier.type = text[at++];
  const bool is_known = specifier.type == 's' || specifier.type == 'I' || specifier.type == 'L';
  return is_known ? nullptr : "unrecognized format() type specifier";
}

const char* append_argument(const Vector& argument, std::size_t row, const Specifier& specifier,
                            std::string& out) {
  std::string cell;
  std::string printed;
  const bool null = argument.is_null(row);
  if (!null) append_cell(argument, row, cell);
  if (specifier.type == 's') {
    printed = cell;
  } else if (specifier.type == 'L') {
    if (null) {
      printed = "NULL";
    } else {
      append_quoted_literal(cell, printed);
    }
  } else {
    if (null) return "null values cannot be formatted as an SQL identifier";
    append_quoted_identifier(cell, printed);
  }
  const auto missing = specifier.width - static_cast<std::int64_t>(utf8::count(printed));
  const auto spaces = static_cast<std::size_t>(std::max<std::int64_t>(missing, 0));
  if (spaces > kMaxTextBytes) return kTextTooLong;
  if (!specifier.left) out.append(spaces, ' ');
  out += printed;
  if (specifier.left) out.append(spaces, ' ');
  return nullptr;
}

const char* append_formatted(const KernelCall& call, std::size_t row, std::string& out) {
  const std::string_view text = call.arguments[0]->at<StringRef>(row).view();
  std::size_t next = 1;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '%') {
      out += text[at++];
      continue;
    }
    if (++at == text.size()) return kUnterminated;
    if (text[at] == '%') {
      out += text[at++];
      continue;
    }
    Specifier specifier;
    if (const char* const reason = read_specifier(text, at, specifier)) return reason;
    const std::size_t position = specifier.position != 0 ? specifier.position : next;
    if (position >= call.arguments.size()) return kTooFew;
    next = position + 1;
    if (const char* const reason = append_argument(*call.arguments[position], row, specifier, out))
      return reason;
    if (out.size() > kMaxTextBytes) return kTextTooLong;
  }
  return nullptr;
}

void format_kernel(const KernelCall& call) {
  auto* const out = call.out.mutable_data<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = StringRef{};
    if (call.arguments[0]->is_null(row)) {
      call.out.set_null(row);
      continue;
    }
    text.clear();
    if (const char* const reason = append_formatted(call, row, text)) {
      call.fail(row, reason);
    } else {
      out[row] = call.out.heap().add(text);
    }
  }
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  constexpr auto kFormat = bind_seeing_nulls<format_kernel, Text>;
  return {
      {"format", {Text}, false, kFormat, "the text with its %s, %I and %L filled in"},
      {"format", {Text, Null}, true, kFormat, "the text with its %s, %I and %L filled in", true},
  };
}

}  // namespace

std::span<const ScalarFunction> format_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
