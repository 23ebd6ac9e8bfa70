#include <gtest/gtest.h>

#include "unit/columnar/function_tester.hpp"

namespace dart::columnar {
namespace {

TEST(TextFunctions, Joining) {
  expect_all({
      {"||", {"text ab", "text cd"}, "abcd"},
      {"||", {"text ab", "text NULL"}, "NULL"},
      {"||", {"int 12", "unknown ."}, "12."},
      {"||", {"text a", "numeric(9,2) 1.50"}, "a1.50"},
      {"||", {"bool true", "text x"}, "truex"},
      {"||", {"unknown a", "unknown b"}, "ab"},
      {"||",
       {"text a long text over twelve", "timestamp 2013-01-01 00:00:00"},
       "a long text over twelve2013-01-01 00:00:00"},
      {"||", {"int 1", "int 2"}, "error: operator does not exist: integer || integer"},
      {"concat", {"text a", "int NULL", "double 1.5", "bool true"}, "a1.5t"},
      {"concat", {"text NULL"}, ""},
      {"concat_ws", {"unknown , ", "text a", "text NULL", "int 5"}, "a, 5"},
      {"concat_ws", {"text NULL", "text a"}, "NULL"},
  });
}

TEST(TextFunctions, Measures) {
  expect_all({
      {"length", {"text h\303\251llo"}, "5"},
      {"char_length", {"text "}, "0"},
      {"octet_length", {"text h\303\251llo"}, "6"},
      {"bit_length", {"text ab"}, "16"},
      {"strpos", {"text h\303\251llo", "text llo"}, "3"},
      {"strpos", {"text abc", "text x"}, "0"},
      {"strpos", {"text abc", "text "}, "1"},
      {"starts_with", {"text alphabet", "text alph"}, "t"},
      {"starts_with", {"text alphabet", "text bet"}, "f"},
      {"length", {"unknown abc"}, "3"},
  });
}

TEST(TextFunctions, Cases) {
  expect_all({
      {"lower", {"text ABC\303\211"}, "abc\303\251"},
      {"upper", {"text abc\303\251\321\217"}, "ABC\303\211\320\257"},
      {"initcap", {"text hi THOMAS o'neil 3rd"}, "Hi Thomas O'Neil 3rd"},
      {"reverse", {"text ab\303\251"}, "\303\251ba"},
  });
}

TEST(TextFunctions, Parts) {
  expect_all({
      {"left", {"text abcde", "int 2"}, "ab"},
      {"left", {"text abcde", "int -2"}, "abc"},
      {"left", {"text abcde", "int -9"}, ""},
      {"left", {"text \303\251\303\251x", "int 2"}, "\303\251\303\251"},
      {"right", {"text abcde", "int 2"}, "de"},
      {"right", {"text abcde", "int -2"}, "cde"},
      {"right", {"text abcde", "int 99"}, "abcde"},
      {"right", {"text abcde", "int -2147483648"}, ""},
      {"substr", {"text alphabet", "int 3"}, "phabet"},
      {"substr", {"text alphabet", "int -3"}, "alphabet"},
      {"substr", {"text alphabet", "int 3", "int 2"}, "ph"},
      {"substr", {"text alphabet", "int -1", "int 4"}, "al"},
      {"substr", {"text alphabet", "int 3", "int -1"}, "error: negative substring length not allowed"},
      {"substr", {"text alphabet", "int 3", "int 2147483647"}, "phabet"},
      {"substring", {"text \303\251\303\251xy", "int 2", "int 2"}, "\303\251x"},
      {"btrim", {"text xyxtrimyyx", "text xyz"}, "trim"},
      {"btrim", {"text   a b  "}, "a b"},
      {"ltrim", {"text zzzytest", "text xyz"}, "test"},
      {"rtrim", {"text testxxzx", "text xyz"}, "test"},
      {"rtrim", {"text test\303\251\303\251", "text \303\251"}, "test"},
      {"lpad", {"text hi", "int 5"}, "   hi"},
      {"lpad", {"text hi", "int 5", "text xy"}, "xyxhi"},
      {"lpad", {"text hello", "int 2", "text xy"}, "he"},
      {"lpad", {"text hi", "int 5", "text "}, "hi"},
      {"lpad", {"text hi", "int -5", "text x"}, ""},
      {"rpad", {"text hi", "int 5", "text xy"}, "hixyx"},
      {"rpad", {"text hi", "int 4", "text \303\251"}, "hi\303\251\303\251"},
  });
}

}  // namespace
}  // namespace dart::columnar
