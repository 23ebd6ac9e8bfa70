#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/json_text.hpp"
#include "columnar/kernels.hpp"
#include "columnar/text_form.hpp"

/// Looking into jsonb by key and by place.
namespace dart::columnar {
namespace {

constexpr const char* kInvalid = "invalid input syntax for type json";

// Stores what was found: JSON text for ->, its characters for ->>, where JSON's null is NULL.
template <bool as_text>
const char* store(const KernelCall& call, std::size_t row, JsonLookup lookup, std::string_view found) {
  auto* const out = call.out.mutable_data<StringRef>();
  if (lookup == JsonLookup::Invalid) return kInvalid;
  if (lookup == JsonLookup::Missing || (as_text && json_kind(found) == JsonKind::Null)) {
    call.out.set_null(row);
    return nullptr;
  }
  if (as_text && json_kind(found) == JsonKind::String) {
    std::string characters;
    if (!append_json_string(found, characters)) return kInvalid;
    out[row] = call.out.heap().add(characters);
    return nullptr;
  }
  out[row] = call.out.heap().add(found);
  return nullptr;
}

// Visits the rows that are not NULL: f(row) returns null or a reason.
template <class R, class F>
void json_rows(const KernelCall& call, F f) {
  R* const out = call.out.mutable_data<R>();
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = R{};
    if (call.out.is_null(row)) continue;
    if (const char* const reason = f(row)) call.errors.mark(row, reason);
  }
}

std::string_view text_at(const KernelCall& call, std::size_t argument, std::size_t row) {
  return call.arguments[argument]->at<StringRef>(row).view();
}

template <bool as_text>
void member_kernel(const KernelCall& call) {
  json_rows<StringRef>(call, [&](std::size_t row) {
    std::string_view found;
    const JsonLookup lookup = json_member(text_at(call, 0, row), text_at(call, 1, row), found);
    return store<as_text>(call, row, lookup, found);
  });
}

template <bool as_text>
void element_kernel(const KernelCall& call) {
  json_rows<StringRef>(call, [&](std::size_t row) {
    std::string_view found;
    const JsonLookup lookup =
        json_element(text_at(call, 0, row), call.arguments[1]->at<std::int64_t>(row), found);
    return store<as_text>(call, row, lookup, found);
  });
}

// Keys one after the other; a number is a place where the value is an array.
template <bool as_text>
void path_kernel(const KernelCall& call) {
  json_rows<StringRef>(call, [&](std::size_t row) {
    std::string_view value = text_at(call, 0, row);
    JsonLookup lookup = JsonLookup::Found;
    for (std::size_t i = 1; i < call.arguments.size() && lookup == JsonLookup::Found; ++i) {
      std::string_view found;
      std::int64_t index = 0;
      const std::string_view step = text_at(call, i, row);
      if (json_kind(value) == JsonKind::Array) {
        lookup = parse_bigint(step, index) ? json_element(value, index, found) : JsonLookup::Missing;
      } else {
        lookup = json_member(value, step, found);
      }
      value = found;
    }
    return store<as_text>(call, row, lookup, value);
  });
}

void has_key_kernel(const KernelCall& call) {
  json_rows<std::uint8_t>(call, [&](std::size_t row) -> const char* {
    std::string_view found;
    const JsonLookup lookup = json_member(text_at(call, 0, row), text_at(call, 1, row), found);
    call.out.mutable_data<std::uint8_t>()[row] = static_cast<std::uint8_t>(lookup == JsonLookup::Found);
    return lookup == JsonLookup::Invalid ? kInvalid : nullptr;
  });
}

void length_kernel(const KernelCall& call) {
  json_rows<std::int64_t>(call, [&](std::size_t row) -> const char* {
    const JsonLookup lookup = json_length(text_at(call, 0, row), call.out.mutable_data<std::int64_t>()[row]);
    if (lookup == JsonLookup::Missing) {
      return json_kind(text_at(call, 0, row)) == JsonKind::Object ? "cannot get array length of a non-array"
                                                                  : "cannot get array length of a scalar";
    }
    return lookup == JsonLookup::Invalid ? kInvalid : nullptr;
  });
}

void typeof_kernel(const KernelCall& call) {
  constexpr std::string_view kNames[] = {"null", "boolean", "number", "string", "array", "object"};
  json_rows<StringRef>(call, [&](std::size_t row) -> const char* {
    const auto kind = static_cast<std::size_t>(json_kind(text_at(call, 0, row)));
    call.out.mutable_data<StringRef>()[row] = StringRef(kNames[kind]);
    return nullptr;
  });
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  constexpr auto kPath = bind_plain<path_kernel<false>, Jsonb>;
  constexpr auto kPathText = bind_plain<path_kernel<true>, Text>;
  return {
      {"->", {Jsonb, Text}, false, bind_plain<member_kernel<false>, Jsonb>, "the member with a key"},
      {"->", {Jsonb, Int}, false, bind_plain<element_kernel<false>, Jsonb>, "the element at a place, from 0"},
      {"->>", {Jsonb, Text}, false, bind_plain<member_kernel<true>, Text>, "the member with a key, as text"},
      {"->>", {Jsonb, Int}, false, bind_plain<element_kernel<true>, Text>, "the element at a place, as text"},
      {"?", {Jsonb, Text}, false, bind_plain<has_key_kernel, Bool>, "whether it has a member with this key"},
      {"jsonb_extract_path", {Jsonb, Text}, true, kPath, "the value at a path of keys and places"},
      {"jsonb_extract_path_text", {Jsonb, Text}, true, kPathText, "the value at a path, as text"},
      {"jsonb_array_length", {Jsonb}, false, bind_plain<length_kernel, Int>, "number of elements"},
      {"jsonb_typeof",
       {Jsonb},
       false,
       bind_plain<typeof_kernel, Text>,
       "object, array, string, number, boolean, null"},
  };
}

}  // namespace

std::span<const ScalarFunction> json_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
