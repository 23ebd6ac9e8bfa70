#include "api/record_json.hpp"

#include <fmt/format.h>

#include <array>

#include <nlohmann/json.hpp>

namespace dart::api {

namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Of the code point that begins here; 0: none does.
std::size_t utf8_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned least = 0x80;  // of the second byte: no overlong forms, no surrogates, nothing beyond U+10FFFF
  unsigned most = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) least = 0xA0;
    if (first == 0xED) most = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) least = 0x90;
    if (first == 0xF4) most = 0x8F;
  }
  if (length == 0 || at(1) < least || at(1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      group = group << 8 | (b < count ? static_cast<unsigned char>(bytes[i + b]) : 0U);
    }
    for (std::size_t d = 0; d < 4; ++d) {
      text.push_back(d <= count ? kDigits[group >> (18 - 6 * d) & 0x3F] : '=');
    }
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool padded = i >= text.size() - padding;
    const auto digit = padded ? 0 : kDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (i % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(group >> shift & 0xFF));
    group = 0;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

nlohmann::ordered_json record_json(std::string_view name, std::uint64_t version, bool exists,
                                   std::string_view value) {
  nlohmann::ordered_json record{{"name", name}, {"version", version}, {"exists", exists}};
  if (!exists) return record;
  if (is_utf8(value)) {
    record["value"] = value;
  } else {
    record["value_base64"] = to_base64(value);
  }
  return record;
}

Result<ChangeBody> parse_change(const std::string& body) {
  const auto bad = [](const std::string& what) {
    return fail(
        ErrorCode::InvalidArgument, what, std::nullopt,
        R"(send {"value": "text"} or {"value_base64": "..."}, and perhaps "expected", "request" and "again")");
  };
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return bad("the body is no JSON object");
  ChangeBody change;
  std::size_t values = 0;
  for (const auto& [field, value] : json.items()) {
    if (field == "value" && value.is_string()) {
      change.value = value.get<std::string>();
      ++values;
    } else if (field == "value_base64" && value.is_string()) {
      auto bytes = from_base64(value.get_ref<const std::string&>());
      if (!bytes) return bad("value_base64 is no base64");
      change.value = *std::move(bytes);
      ++values;
    } else if (field == "expected" && value.is_number_unsigned()) {
      change.expected = value.get<std::uint64_t>();
    } else if (field == "request" && value.is_string()) {
      change.request = value.get<std::string>();
    } else if (field == "again" && value.is_boolean()) {
      change.again = value.get<bool>();
    } else if (field == "lifetime_s" && value.is_number()) {
      change.lifetime_s = value.get<double>();
    } else if (field != "expected" || !value.is_null()) {
      return bad(fmt::format("the body's field '{}' is not known, or not of the right type", field));
    }
  }
  if (values != 1) return bad("the body needs either value or value_base64");
  return change;
}

}  // namespace dart::api
