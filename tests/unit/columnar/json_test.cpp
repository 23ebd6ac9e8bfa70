#include <gtest/gtest.h>

#include <string>

#include "columnar/function.hpp"
#include "columnar/json_text.hpp"
#include "unit/columnar/function_tester.hpp"

namespace dart::columnar {
namespace {

// long: a table
TEST(Json, LookingInside) {
  const std::string object =
      "jsonb {\"a\": {\"b\": [10, \"x\\ty\", null, {\"c\": true}]}, \"k\": null, \"n\": 1.50, \"e\\u00e9\": "
      "1, "
      "\"a b\": \"\303\251\"}";
  expect_all({
      {"->", {object, "text a"}, "{\"b\": [10, \"x\\ty\", null, {\"c\": true}]}"},
      {"->", {object, "text z"}, "NULL"},
      {"->>", {object, "text k"}, "NULL"},
      {"->", {object, "text k"}, "null"},
      {"->>", {object, "text n"}, "1.50"},
      {"->>", {object, "text a b"}, "\303\251"},
      {"->", {object, "text a b"}, "\"\303\251\""},
      {"->", {object, "text e\303\251"}, "1"},
      {"->", {object, "int 0"}, "NULL"},
      {"->", {"jsonb [10, \"x\", null]", "int 0"}, "10"},
      {"->", {"jsonb [10, \"x\", null]", "int -2"}, "\"x\""},
      {"->>", {"jsonb [10, \"x\", null]", "int 1"}, "x"},
      {"->>", {"jsonb [10, \"x\", null]", "int 2"}, "NULL"},
      {"->", {"jsonb [10, \"x\", null]", "int 3"}, "NULL"},
      {"->", {"jsonb [10, \"x\", null]", "int -4"}, "NULL"},
      {"->", {"jsonb []", "int 0"}, "NULL"},
      {"->", {"jsonb 5", "text a"}, "NULL"},
      {"->", {"jsonb NULL", "text a"}, "NULL"},
      {"->>", {object, "text a"}, "{\"b\": [10, \"x\\ty\", null, {\"c\": true}]}"},
      {"?", {object, "text zz"}, "f"},
      {"jsonb_extract_path", {object, "text a", "text b", "text 3", "text c"}, "true"},
      {"jsonb_extract_path_text", {object, "text a", "text b", "text 1"}, "x\011y"},
      {"jsonb_extract_path_text", {object, "text a", "text x", "text 1"}, "NULL"},
      {"jsonb_extract_path_text", {object, "text a", "text b", "text x"}, "NULL"},
      {"jsonb_array_length", {"jsonb [1, [2, 3], {}]"}, "3"},
      {"jsonb_array_length", {"jsonb []"}, "0"},
      {"jsonb_array_length", {"jsonb 5"}, "error: cannot get array length of a scalar"},
      {"jsonb_typeof", {"jsonb {}"}, "object"},
      {"jsonb_typeof", {"jsonb  [1]"}, "array"},
      {"jsonb_typeof", {"jsonb \"a\""}, "string"},
      {"jsonb_typeof", {"jsonb 1"}, "number"},
      {"jsonb_typeof", {"jsonb true"}, "boolean"},
      {"jsonb_typeof", {"jsonb null"}, "null"},
      {"=", {"jsonb {\"b\": 1, \"a\": 2}", "jsonb {\"a\":2,\"b\":1}"}, "t"},
  });
}

TEST(Json, PrintsAsJsonbAndRefusesTheRest) {
  struct Case {
    const char* text;
    const char* printed;  // null: refused
  };
  const Case cases[] = {
      {"{\"b\": 1, \"a\": [1,2 , 3]}", "{\"a\": [1, 2, 3], \"b\": 1}"},
      {" [ ] ", "[]"},
      {"{ }", "{}"},
      {"{\"a\":1,\"a\":2}", "{\"a\": 2}"},
      {"{\"bb\":1,\"c\":2,\"aa\":3}", "{\"c\": 2, \"aa\": 3, \"bb\": 1}"},
      {"1e2", "100"},
      {"-1.5e-3", "-0.0015"},
      {"1.50", "1.50"},
      {"-0", "0"},
      {"-0.0", "0.0"},
      {"0e5", "0"},
      {"12e-1", "1.2"},
      {"1.25e1", "12.5"},
      {"1.5E+3", "1500"},
      {"\"a\\u00e9\\n\\/\\\"\\\\\"", "\"a\303\251\\n/\\\"\\\\\""},
      {"\"\\ud83d\\ude00\"", "\"\360\237\230\200\""},
      {"\"tab\\t\"", "\"tab\\t\""},
      {"true", "true"},
      {"null", "null"},
      {"\"\\u0001\"", "\"\\u0001\""},
      {"[1,[2,{\"a\":null}]]", "[1, [2, {\"a\": null}]]"},
      {"", nullptr},
      {"{", nullptr},
      {"{\"a\"}", nullptr},
      {"[1,]", nullptr},
      {"{\"a\":1,}", nullptr},
      {"01", nullptr},
      {"1.", nullptr},
      {".5", nullptr},
      {"+1", nullptr},
      {"nul", nullptr},
      {"\"a", nullptr},
      {"\"\\x\"", nullptr},
      {"\"\\ud800\"", nullptr},
      {"[1] 2", nullptr},
      {"{'a':1}", nullptr},
      {"[1 2]", nullptr},
      {"-", nullptr},
      {"1e", nullptr},
      {"\"\\u0000\"", nullptr},
  };
  for (const Case& c : cases) {
    std::string out = "before";
    ASSERT_EQ(normalise_json(c.text, out), c.printed != nullptr) << c.text;
    EXPECT_EQ(out, std::string("before") + (c.printed != nullptr ? c.printed : "")) << c.text;
  }
  std::string out;
  EXPECT_FALSE(normalise_json(std::string(1000, '[') + std::string(1000, ']'), out));
}

TEST(Json, CastsAndTexts) {
  const auto cast = [](const char* value, const char* to) {
    const auto result = cast_value(value_of(value), type_named(to));
    return result ? result->to_string() : "error: " + result.error().message;
  };
  EXPECT_EQ(cast("text {\"b\":1,\"a\":2}", "jsonb"), "{\"a\": 2, \"b\": 1}");
  EXPECT_EQ(cast("text {", "jsonb"), "error: invalid input syntax for type json: \"{\"");
  EXPECT_EQ(cast("jsonb {\"a\":1}", "text"), "{\"a\": 1}");
  EXPECT_EQ(cast("jsonb 12", "int"), "12");
  EXPECT_EQ(cast("jsonb 1.5", "numeric(9,2)"), "1.50");
  EXPECT_EQ(cast("jsonb true", "bool"), "t");
}

}  // namespace
}  // namespace dart::columnar
