#include <gtest/gtest.h>

#include "unit/columnar/function_tester.hpp"

namespace dart::columnar {
namespace {

TEST(Patterns, Matches) {
  expect_all({
      {"~", {"text foobar", "text o+b"}, "t"},
      {"~", {"text foobar", "text ^b"}, "f"},
      {"~", {"text foobar", "text r$"}, "t"},
      {"~", {"text abc", "text a.c"}, "t"},
      {"~", {"text h\303\251llo", "text ^h.llo$"}, "t"},
      {"~", {"text h\303\251\303\251", "text ^h\303\251{2}$"}, "t"},
      {"~", {"text a1b", "text \\d"}, "t"},
      {"~", {"text abc", "text \\d"}, "f"},
      {"~", {"text a b", "text \\s"}, "t"},
      {"~", {"text abc", "text \\S{3}"}, "t"},
      {"~", {"text foo bar", "text \\mbar\\M"}, "t"},
      {"~", {"text foobar", "text \\mbar"}, "f"},
      {"~", {"text foo bar", "text \\yfoo\\y"}, "t"},
      {"~", {"text a.c", "text a\\.c"}, "t"},
      {"~", {"text abc", "text a\\.c"}, "f"},
      {"~", {"text a]c", "text a[\\]]c"}, "t"},
      {"~", {"text a-c", "text [\\w-]c"}, "t"},
      {"~", {"text a^c", "text a[\\^]c"}, "t"},
      {"~", {"text a\\c", "text a[\\\\]c"}, "t"},
      {"~", {"text 12-34", "text ^[\\d-]+$"}, "t"},
      {"~", {"text abab", "text (ab)\\1"}, "t"},
      {"~", {"text abab", "text (?:ab){2}"}, "t"},
      {"~", {"text ab", "text ^(a|b)*$"}, "t"},
      {"~", {"text ", "text "}, "t"},
      {"~", {"text abc", "text "}, "t"},
      {"~", {"text ABC", "text abc"}, "f"},
      {"~", {"text a\nb", "text a.b"}, "t"},
      {"~", {"text a\nb", "text a$"}, "f"},
      {"~", {"text foo/bar", "text o/b"}, "t"},
      {"~", {"text a{c", "text a\\{c"}, "t"},
      {"~", {"text x", "text [[:alpha:]]"}, "t"},
      {"~", {"text \303\251", "text [[:alpha:]]"}, "t"},
      {"~", {"text \303\211", "text \303\251"}, "f"},
      {"~*", {"text ABC", "text abc"}, "t"},
      {"~*", {"text \303\211", "text \303\251"}, "t"},
      {"!~", {"text abc", "text b"}, "f"},
      {"!~*", {"text ABC", "text b"}, "f"},
      {"~", {"text NULL", "text a"}, "NULL"},
  });
}

TEST(Patterns, Functions) {
  expect_all({
      {"regexp_like", {"text Hello World", "text world$", "text i"}, "t"},
      {"regexp_like", {"text Hello World", "text world$"}, "f"},
      {"regexp_like", {"text a.c", "text a.c", "text q"}, "t"},
      {"regexp_like", {"text abc", "text a.c", "text q"}, "f"},
      {"regexp_like", {"text a\nb", "text ^b", "text n"}, "t"},
      {"regexp_count", {"text 123456789012", "text \\d\\d\\d", "int 2"}, "3"},
      {"regexp_count", {"text ABCABCAXYaxy", "text A.", "int 1", "text i"}, "4"},
      {"regexp_count", {"text abc", "text x*"}, "4"},
      {"regexp_count", {"text abc", "text ^"}, "1"},
      {"regexp_count", {"text \303\251\303\251\303\251", "text \303\251", "int 2"}, "2"},
      {"regexp_count", {"text abc", "text b", "int 0"}, "error: invalid value for parameter \"start\""},
      {"regexp_count", {"text abc", "text b", "int 9"}, "0"},
      {"regexp_substr",
       {"text number of your street, town zip, FR", "text [^,]+", "int 1", "int 2"},
       " town zip"},
      {"regexp_substr", {"text ABCDEFGHI", "text (c..)(...)", "int 1", "int 1", "text i", "int 2"}, "FGH"},
      {"regexp_substr", {"text abc", "text x"}, "NULL"},
      {"regexp_substr", {"text abc", "text b", "int 0"}, "error: invalid value for parameter \"start\""},
      {"regexp_substr", {"text foobar", "text o.b"}, "oob"},
      {"regexp_substr", {"text aXbXc", "text X(.)", "int 1", "int 2", "text c", "int 1"}, "c"},
      {"regexp_substr", {"text abc", "text b", "int 1", "int 1", "text c", "int 5"}, "NULL"},
      {"substring", {"text Thomas", "text ...$"}, "mas"},
      {"substring", {"text foobar", "text o(.)b"}, "o"},
      {"substring", {"text foobar", "text z"}, "NULL"},
      {"substring", {"text foobar", "text (?:o)(b)"}, "b"},
      {"substring", {"text foobar", "text (z)?b"}, "NULL"},
      {"regexp_replace", {"text Thomas", "text .[mN]a.", "text M"}, "ThM"},
      {"regexp_replace", {"text foobarbaz", "text b..", "text X"}, "fooXbaz"},
      {"regexp_replace", {"text foobarbaz", "text b..", "text X", "text g"}, "fooXX"},
      {"regexp_replace", {"text foobarbaz", "text b(..)", "text X\\1Y", "text g"}, "fooXarYXazY"},
      {"regexp_replace",
       {"text A PostgreSQL function", "text a|e|i|o|u", "text X", "int 1", "int 0", "text i"},
       "X PXstgrXSQL fXnctXXn"},
      {"regexp_replace",
       {"text A PostgreSQL function", "text a|e|i|o|u", "text X", "int 1", "int 3", "text i"},
       "A PostgrXSQL function"},
      {"regexp_replace", {"text abc", "text b", "text [\\&]"}, "a[b]c"},
      {"regexp_replace", {"text abc", "text b", "text \\\\"}, "a\\c"},
      {"regexp_replace", {"text abc", "text x*", "text -", "text g"}, "-a-b-c-"},
      {"regexp_replace", {"text h\303\251\303\251", "text \303\251", "text e", "int 3"}, "h\303\251e"},
      {"regexp_replace", {"text aaa", "text a", "text b", "int 1", "int 2"}, "aba"},
      {"regexp_replace", {"text abcabc", "text ^abc", "text x", "text g"}, "xabc"},
      {"regexp_replace", {"text foobar", "text (?:o+)(b)", "text <\\1>"}, "f<b>ar"},
      {"regexp_replace", {"text NULL", "text a", "text b"}, "NULL"},
      {"regexp_instr", {"text number of your street, town zip, FR", "text [^,]+", "int 1", "int 2"}, "23"},
      {"regexp_instr",
       {"text ABCDEFGHI", "text (c..)(...)", "int 1", "int 1", "int 0", "text i", "int 2"},
       "6"},
      {"regexp_instr", {"text abc", "text c"}, "3"},
      {"regexp_instr", {"text abc", "text x"}, "0"},
      {"regexp_instr", {"text abcabc", "text b", "int 3"}, "5"},
      {"regexp_instr", {"text abc", "text b", "int 1", "int 1", "int 1"}, "3"},
      {"regexp_instr", {"text abc", "text b", "int 1", "int 1", "int 0", "text i"}, "2"},
  });
}

TEST(Patterns, Format) {
  expect_all({
      {"format", {"text Hello %s", "text World"}, "Hello World"},
      {"format",
       {"text Testing %s, %s, %s, %%", "text one", "text two", "text three"},
       "Testing one, two, three, %"},
      {"format",
       {"text INSERT INTO %I VALUES(%L)", "text Foo bar", "text O'Reilly"},
       "INSERT INTO \"Foo bar\" VALUES('O''Reilly')"},
      {"format", {"text |%10s|", "text foo"}, "|       foo|"},
      {"format", {"text |%-10s|", "text foo"}, "|foo       |"},
      {"format",
       {"text Testing %3$s, %2$s, %1$s", "text one", "text two", "text three"},
       "Testing three, two, one"},
      {"format",
       {"text Testing %3$s, %2$s, %s", "text one", "text two", "text three"},
       "Testing three, two, three"},
      {"format", {"text %s %L", "int NULL", "double 1.5"}, " '1.5'"},
      {"format", {"text %L", "text NULL"}, "NULL"},
      {"format", {"text no arguments"}, "no arguments"},
      {"format", {"text %s", "bool true"}, "t"},
      {"format", {"text NULL", "int 1"}, "NULL"},
      {"format", {"text |%5s|", "text h\303\251\303\251"}, "|  h\303\251\303\251|"},
  });
}

TEST(Patterns, WhatIsRefused) {
  struct Case {
    const char* pattern;
    const char* message;
  };
  const Case cases[] = {
      {"a*?", "non-greedy quantifiers in a regular expression are not supported"},
      {"a(?=b)", "lookaround constraints in a regular expression are not supported"},
      {"(?i)a", "embedded options in a regular expression are not supported"},
      {"\\xAB", "escapes \\x in a regular expression are not supported"},
      {"(?:a)(b)\\1",
       "back references beside groups that do not capture in a regular expression are not supported"},
      {"(a", "invalid regular expression: Unmatched ( or \\("},
      {"[a", "invalid regular expression: brackets [] not balanced"},
      {"a\\", "invalid regular expression: invalid escape \\ sequence"},
  };
  for (const Case& c : cases) {
    const LogicalType types[] = {LogicalType::of(TypeId::Text), LogicalType::of(TypeId::Text)};
    const Value pattern = Value::text(c.pattern);
    const Value* const constants[] = {nullptr, &pattern};
    const auto resolved = resolve_function("~", types, constants);
    ASSERT_FALSE(resolved.has_value()) << c.pattern;
    EXPECT_EQ(resolved.error().message, c.message);
  }
  EXPECT_EQ(call("format", {"text %s"}), "error: too few arguments for format()");
  EXPECT_EQ(call("format", {"text %x", "int 1"}), "error: unrecognized format() type specifier");
  EXPECT_EQ(call("format", {"text %", "int 1"}), "error: unterminated format() type specifier");
  EXPECT_EQ(call("format", {"text %I", "text NULL"}),
            "error: null values cannot be formatted as an SQL identifier");
}

}  // namespace
}  // namespace dart::columnar
