#include "columnar/json_text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "columnar/text_form.hpp"

namespace dart::columnar {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_code_point(std::uint32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
          out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// -12.5e3 without its exponent: the point is moved through the digits.
bool append_number(std::string_view number, std::string& out) {
  const std::size_t e = number.find_first_of("eE");
  if (e == std::string_view::npos) {
    out += number.find_first_not_of("-0.") == std::string_view::npos && number.front() == '-'
               ? number.substr(1)
               : number;
    return true;
  }
  std::int64_t exponent = 0;
  constexpr std::int64_t kLargest = 1000;
  if (!parse_bigint(number.substr(e + 1), exponent) || exponent > kLargest || exponent < -kLargest)
    return false;
  std::string_view mantissa = number.substr(0, e);
  const bool negative = mantissa.front() == '-';
  if (negative) mantissa.remove_prefix(1);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);
  std::int64_t whole = static_cast<std::int64_t>(point) + exponent;
  if (whole <= 0) {
    digits.insert(0, static_cast<std::size_t>(1 - whole), '0');
    whole = 1;
  }
  if (whole > static_cast<std::int64_t>(digits.size())) digits.resize(static_cast<std::size_t>(whole), '0');
  const auto split = static_cast<std::size_t>(whole);
  const std::size_t first = std::min(digits.find_first_not_of('0'), split - 1);
  if (negative && digits.find_first_not_of('0') != std::string::npos) out += '-';
  out.append(digits, first, split - first);
  if (split < digits.size()) {
    out += '.';
    out.append(digits, split);
  }
  return true;
}

// Reads JSON from left to right. Every function leaves the position behind what it read, and is false on bad
// text.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Appends the characters of a string; `out` may be null.
  bool string(std::string* out);
  // Any value, appended as jsonb prints it; or only skipped, when `out` is null.
  bool value(std::string* out, std::size_t depth);

 private:
  bool hex4(std::uint32_t& code);
  bool escape(std::string* out);
  bool number(std::string* out);
  bool word(std::string_view word, std::string* out);
  bool object(std::string* out, std::size_t depth);
  bool array(std::string* out, std::size_t depth);

  std::string_view text_;
  std::size_t at_ = 0;
};

bool JsonReader::hex4(std::uint32_t& code) {
  code = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ == text_.size()) return false;
    const char c = text_[at_];
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      code = code * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      code = code * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return false;
    }
  }
  return true;
}

bool JsonReader::escape(std::string* out) {
  if (at_ == text_.size()) return false;
  const char c = text_[at_++];
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t found = kNames.find(c); found != std::string_view::npos) {
    if (out != nullptr) *out += kMeanings[found];
    return true;
  }
  std::uint32_t code = 0;
  if (c != 'u' || !hex4(code) || code == 0 || (code >= 0xDC00 && code < 0xE000)) return false;
  if (code >= 0xD800 && code < 0xDC00) {
    std::uint32_t low = 0;
    if (!take('\\') || !take('u') || !hex4(low) || low < 0xDC00 || low >= 0xE000) return false;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (out != nullptr) append_code_point(code, *out);
  return true;
}

bool JsonReader::string(std::string* out) {
  if (!take('"')) return false;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return true;
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c == '\\') {
      if (!escape(out)) return false;
    } else if (out != nullptr) {
      *out += c;
    }
  }
  return false;
}

bool JsonReader::number(std::string* out) {
  const std::size_t begin = at_;
  const auto digits = [&] {
    const std::size_t first = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > first;
  };
  take('-');
  const bool zero = at_ < text_.size() && text_[at_] == '0';
  const std::size_t whole = at_;
  if (!digits() || (zero && at_ - whole > 1)) return false;
  if (take('.') && !digits()) return false;
  if (take('e') || take('E')) {
    if (!take('-')) take('+');
    if (!digits()) return false;
  }
  return out == nullptr || append_number(text_.substr(begin, at_ - begin), *out);
}

bool JsonReader::word(std::string_view word, std::string* out) {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  if (out != nullptr) *out += word;
  return true;
}

bool JsonReader::array(std::string* out, std::size_t depth) {
  ++at_;
  if (out != nullptr) *out += '[';
  skip_space();
  bool first = true;
  while (!take(']')) {
    if (!first) {
      if (!take(',')) return false;
      if (out != nullptr) *out += ", ";
    }
    first = false;
    if (!value(out, depth + 1)) return false;
    skip_space();
  }
  if (out != nullptr) *out += ']';
  return true;
}

bool JsonReader::object(std::string* out, std::size_t depth) {
  ++at_;
  std::vector<std::pair<std::string, std::string>> members;
  skip_space();
  bool first = true;
  while (!take('}')) {
    if (!first && !take(',')) return false;
    first = false;
    skip_space();
    std::string key;
    if (!string(out != nullptr ? &key : nullptr)) return false;
    skip_space();
    if (!take(':')) return false;
    std::string member;
    if (!value(out != nullptr ? &member : nullptr, depth + 1)) return false;
    skip_space();
    if (out != nullptr) members.emplace_back(std::move(key), std::move(member));
  }
  if (out == nullptr) return true;
  std::ranges::stable_sort(members, [](const auto& a, const auto& b) {
    return a.first.size() != b.first.size() ? a.first.size() < b.first.size() : a.first < b.first;
  });
  *out += '{';
  bool written = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i].first == members[i + 1].first) continue;
    if (written) *out += ", ";
    written = true;
    append_quoted(members[i].first, *out);
    *out += ": ";
    *out += members[i].second;
  }
  *out += '}';
  return true;
}

bool JsonReader::value(std::string* out, std::size_t depth) {
  skip_space();
  if (at_ == text_.size() || depth > limits::kNesting) return false;
  switch (text_[at_]) {
    case '{':
      return object(out, depth);
    case '[':
      return array(out, depth);
    case '"': {
      std::string characters;
      if (!string(out != nullptr ? &characters : nullptr)) return false;
      if (out != nullptr) append_quoted(characters, *out);
      return true;
    }
    case 't':
      return word("true", out);
    case 'f':
      return word("false", out);
    case 'n':
      return word("null", out);
    default:
      return number(out);
  }
}

}  // namespace

bool normalise_json(std::string_view text, std::string& out) {
  JsonReader reader(text);
  const std::size_t before = out.size();
  bool good = reader.value(&out, 0);
  reader.skip_space();
  good = good && reader.at_end();
  if (!good) out.resize(before);
  return good;
}

JsonKind json_kind(std::string_view value) {
  value = trim_space(value);
  switch (value.empty() ? 'n' : value.front()) {
    case '{':
      return JsonKind::Object;
    case '[':
      return JsonKind::Array;
    case '"':
      return JsonKind::String;
    case 't':
    case 'f':
      return JsonKind::Boolean;
    case 'n':
      return JsonKind::Null;
    default:
      return JsonKind::Number;
  }
}

JsonLookup json_member(std::string_view object, std::string_view key, std::string_view& found) {
  if (json_kind(object) != JsonKind::Object) return JsonLookup::Missing;
  JsonReader reader(object);
  reader.skip_space();
  reader.take('{');
  reader.skip_space();
  JsonLookup result = JsonLookup::Missing;
  std::string name;
  for (bool first = true; !reader.take('}'); first = false) {
    if (!first && !reader.take(',')) return JsonLookup::Invalid;
    reader.skip_space();
    name.clear();
    if (!reader.string(&name)) return JsonLookup::Invalid;
    reader.skip_space();
    if (!reader.take(':')) return JsonLookup::Invalid;
    reader.skip_space();
    const std::size_t begin = reader.position();
    if (!reader.value(nullptr, 0)) return JsonLookup::Invalid;
    if (name == key) {
      found = object.substr(begin, reader.position() - begin);
      result = JsonLookup::Found;
    }
    reader.skip_space();
  }
  return result;
}

JsonLookup json_element(std::string_view array, std::int64_t index, std::string_view& found) {
  if (json_kind(array) != JsonKind::Array) return JsonLookup::Missing;
  if (index < 0) {
    std::int64_t length = 0;
    if (json_length(array, length) == JsonLookup::Invalid) return JsonLookup::Invalid;
    index += length;
  }
  JsonReader reader(array);
  reader.skip_space();
  reader.take('[');
  reader.skip_space();
  JsonLookup result = JsonLookup::Missing;
  for (std::int64_t i = 0; !reader.take(']'); ++i) {
    if (i > 0 && !reader.take(',')) return JsonLookup::Invalid;
    reader.skip_space();
    const std::size_t begin = reader.position();
    if (!reader.value(nullptr, 0)) return JsonLookup::Invalid;
    if (i == index) {
      found = array.substr(begin, reader.position() - begin);
      result = JsonLookup::Found;
    }
    reader.skip_space();
  }
  return result;
}

JsonLookup json_length(std::string_view array, std::int64_t& length) {
  length = 0;
  if (json_kind(array) != JsonKind::Array) return JsonLookup::Missing;
  JsonReader reader(array);
  reader.skip_space();
  reader.take('[');
  reader.skip_space();
  for (; !reader.take(']'); ++length) {
    if (length > 0 && !reader.take(',')) return JsonLookup::Invalid;
    if (!reader.value(nullptr, 0)) return JsonLookup::Invalid;
    reader.skip_space();
  }
  return JsonLookup::Found;
}

bool append_json_string(std::string_view quoted, std::string& out) {
  JsonReader reader(quoted);
  reader.skip_space();
  return reader.string(&out);
}

}  // namespace dart::columnar
