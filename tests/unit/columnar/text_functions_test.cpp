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

TEST(TextFunctions, Replacing) {
  expect_all({
      {"replace", {"text abcdefabcdef", "text cd", "text XX"}, "abXXefabXXef"},
      {"replace", {"text abc", "text ", "text x"}, "abc"},
      {"replace", {"text aaa", "text a", "text "}, ""},
      {"repeat", {"text Pg", "int 4"}, "PgPgPgPg"},
      {"repeat", {"text Pg", "int -1"}, ""},
      {"split_part", {"text abc~@~def~@~ghi", "text ~@~", "int 2"}, "def"},
      {"split_part", {"text abc,def,ghi", "text ,", "int -2"}, "def"},
      {"split_part", {"text abc,def,ghi", "text ,", "int -4"}, ""},
      {"split_part", {"text abc,def", "text ,", "int 3"}, ""},
      {"split_part", {"text abc", "text ,", "int 0"}, "error: field position must not be zero"},
      {"split_part", {"text abc", "text ", "int 1"}, "abc"},
      {"split_part", {"text abc", "text ", "int 2"}, ""},
      {"translate", {"text 12345", "text 143", "text ax"}, "a2x5"},
      {"translate", {"text h\303\251llo", "text \303\251l", "text e\303\250"}, "he\303\250\303\250o"},
      {"overlay", {"text Txxxxas", "text hom", "int 2", "int 4"}, "Thomas"},
      {"overlay", {"text Txxxxas", "text hom", "int 2"}, "Thomxas"},
      {"overlay", {"text abc", "text X", "int 0"}, "error: negative substring length not allowed"},
      {"overlay", {"text abc", "text X", "int 9"}, "abcX"},
      {"overlay", {"text abc", "text X", "int 2", "int -1"}, "aXabc"},
  });
}

TEST(TextFunctions, CodesAndQuotes) {
  expect_all({
      {"ascii", {"text x"}, "120"},
      {"ascii", {"text \303\251"}, "233"},
      {"ascii", {"text "}, "0"},
      {"chr", {"int 65"}, "A"},
      {"chr", {"int 233"}, "\303\251"},
      {"chr", {"int 0"}, "error: null character not permitted"},
      {"chr", {"int -1"}, "error: character number must be positive"},
      {"to_hex", {"int 2147483647"}, "7fffffff"},
      {"to_hex", {"int -1"}, "ffffffff"},
      {"to_hex", {"bigint -1"}, "ffffffffffffffff"},
      {"to_hex", {"int 0"}, "0"},
      {"md5", {"text abc"}, "900150983cd24fb0d6963f7d28e17f72"},
      {"md5", {"text "}, "d41d8cd98f00b204e9800998ecf8427e"},
      {"md5",
       {"text 12345678901234567890123456789012345678901234567890123456789012345678901234567890"},
       "57edf4a22be3c955ac49da2e2107b67a"},
      {"md5",
       {"text 1234567890123456789012345678901234567890123456789012345"},
       "c9ccf168914a1bcfc3229f1948e67da0"},
      {"quote_ident", {"text foo"}, "foo"},
      {"quote_ident", {"text Foo bar"}, "\"Foo bar\""},
      {"quote_ident", {"text select"}, "\"select\""},
      {"quote_ident", {"text "}, "\"\""},
      {"quote_ident", {"text a\"b"}, "\"a\"\"b\""},
      {"quote_ident", {"text 1a"}, "\"1a\""},
      {"quote_literal", {"text O'Reilly"}, "'O''Reilly'"},
      {"quote_literal", {"text a\\b"}, "E'a\\\\b'"},
      {"quote_nullable", {"text NULL"}, "NULL"},
      {"quote_nullable", {"text a'b"}, "'a''b'"},
      {"quote_literal", {"double 1.5"}, "'1.5'"},
      {"quote_literal", {"text NULL"}, "NULL"},
      {"quote_nullable", {"int 5"}, "'5'"},
      {"^@", {"text alphabet", "text alph"}, "t"},
  });
}

TEST(TextFunctions, Like) {
  expect_all({
      {"~~", {"text abc", "text abc"}, "t"},
      {"~~", {"text abc", "text a%"}, "t"},
      {"~~", {"text abc", "text _b_"}, "t"},
      {"~~", {"text abc", "text c"}, "f"},
      {"~~", {"text abc", "text %c"}, "t"},
      {"~~", {"text abc", "text %b%"}, "t"},
      {"~~", {"text abc", "text %"}, "t"},
      {"~~", {"text ", "text %"}, "t"},
      {"~~", {"text ", "text _"}, "f"},
      {"~~", {"text abc", "text "}, "f"},
      {"~~", {"text a%c", "text a\\%c"}, "t"},
      {"~~", {"text abc", "text a\\%c"}, "f"},
      {"~~", {"text abcabd", "text %ab_"}, "t"},
      {"~~", {"text h\303\251llo", "text h_llo"}, "t"},
      {"~~", {"text h\303\251llo", "text h__llo"}, "f"},
      {"~~", {"text mississippi", "text %iss%ip%"}, "t"},
      {"~~", {"text mississippi", "text m%x%"}, "f"},
      {"~~", {"text abc", "text abc\\"}, "f"},
      {"~~", {"text x", "text abc\\"}, "f"},
      {"~~", {"text aaa", "text a%a"}, "t"},
      {"~~", {"text a", "text a%a"}, "f"},
      {"~~", {"text a_b", "text a\\_b"}, "t"},
      {"~~", {"text ABC", "text abc"}, "f"},
      {"!~~", {"text abc", "text a%"}, "f"},
      {"~~*", {"text ABC", "text a%"}, "t"},
      {"~~*", {"text \303\211x", "text \303\251_"}, "t"},
      {"!~~*", {"text ABC", "text a_c"}, "f"},
      {"~~", {"text NULL", "text a%"}, "NULL"},
      {"like_escape", {"text a#%b", "text #"}, "a\\%b"},
      {"like_escape", {"text a\\b##", "text #"}, "a\\\\b\\#"},
      {"like_escape", {"text a%", "text "}, "a%"},
      {"like_escape", {"text a", "text xy"}, "error: invalid escape string"},
  });
}

}  // namespace
}  // namespace dart::columnar
