#include "sql/variables.hpp"

#include <gtest/gtest.h>

namespace dart::sql {
namespace {

using Variables = std::map<std::string, std::string>;

std::string substituted(std::string_view text, const Variables& variables = {}) {
  const auto result = substitute_variables(text, variables);
  return result ? result->text
                : "error at " + std::to_string(result.error().offset.value_or(9999)) + ": " +
                      result.error().message;
}

TEST(Variables, ThreeFormsAreQuotedAsTheySay) {
  const Variables v = {{"n", "5"}, {"name", "it's"}, {"column", "a \"b\""}};
  EXPECT_EQ(substituted("SELECT :n, :'name', :\"column\"", v), "SELECT 5, 'it''s', \"a \"\"b\"\"\"");
}

TEST(Variables, CastsAndAssignmentsAreLeftAlone) {
  EXPECT_EQ(substituted("SELECT x::n, f(a := 1), a[1:2]", {{"n", "5"}}), "SELECT x::n, f(a := 1), a[1:2]");
}

TEST(Variables, NothingIsReplacedInsideStringsCommentsAndNames) {
  const std::string text =
      "':n' \":n\" -- :n\n/* :n /* :n */ :n */ $$:n$$ $tag$ :n $$ $tag$ E'\\':n' 'it''s :n'";
  EXPECT_EQ(substituted(text, {{"n", "5"}}), text);
  EXPECT_EQ(substituted(text + " :n", {{"n", "5"}}), text + " 5");
}

TEST(Variables, SetGivesDefaultsAndTheCallerWins) {
  EXPECT_EQ(substituted("\\set n 5\nSELECT :n"), "\nSELECT 5");
  EXPECT_EQ(substituted("\\set n 5\nSELECT :n", {{"n", "7"}}), "\nSELECT 7");
  EXPECT_EQ(substituted("\\set n 5\n\\set n 6\nSELECT :n"), "\n\nSELECT 6");
  EXPECT_EQ(substituted("\\set words 'a b' c 'it''s'\nSELECT :'words'"), "\nSELECT 'a bcit''s'");
  EXPECT_EQ(substituted("\\set empty\nSELECT :'empty'"), "\nSELECT ''");
}

TEST(Variables, UnknownOnesAndOtherCommandsAreErrors) {
  EXPECT_EQ(substituted("SELECT :who"), "error at 7: variable \"who\" is not set");
  EXPECT_EQ(substituted("a;\n\\copy x"), "error at 3: the command \\copy is not known here");
  EXPECT_EQ(substituted("\\set"), "error at 0: \\set needs the name of a variable and its value");
  EXPECT_EQ(substituted("\\set a 'open"), "error at 7: a quoted value of \\set does not end on its line");
  const auto near = substitute_variables("SELECT :inptu", {{"input", "x"}});
  ASSERT_FALSE(near);
  EXPECT_EQ(near.error().hint, "did you mean \"input\"?");
}

TEST(Variables, OffsetsLeadBackToTheTextAsWritten) {
  const std::string text = "\\set long abcdefghij\nSELECT :long, x";
  const auto result = substitute_variables(text, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text, "\nSELECT abcdefghij, x");
  const auto original = [&](std::string_view what) {
    return result->original(static_cast<std::uint32_t>(result->text.find(what)));
  };
  EXPECT_EQ(original("SELECT"), text.find("SELECT"));
  EXPECT_EQ(original("abc"), text.find(":long"));
  EXPECT_EQ(original("hij"), text.find(":long"));
  EXPECT_EQ(original(", x"), text.find(", x"));
  EXPECT_EQ(original("x"), text.find(" x") + 1);
}

TEST(Variables, AStatementHasALimitOfWords) {
  std::string text = "SELECT 1";
  for (int i = 0; i < 15000; ++i) text += "+1";
  EXPECT_NE(substituted(text).find("a statement has more than"), std::string::npos);
}

}  // namespace
}  // namespace dart::sql
