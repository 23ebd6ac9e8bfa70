#include "sql/outline.hpp"

#include <gmock/gmock.h>

namespace dart::sql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Outline, SaysWhatAScriptDeclaresAndMentions) {
  const auto script = outline(R"(\set path a.csv
CREATE TABLE trips (a int) WITH (connector = 'file', path = :'path', late_table = late);
-- a comment
CREATE VIEW fast AS SELECT * FROM trips JOIN zones ON true;
CREATE MATERIALIZED VIEW best AS WITH w AS (SELECT 1) SELECT * FROM fast, w;
INSERT INTO results SELECT * FROM best WHERE a IN (SELECT a FROM "Other");
EXPLAIN SELECT 1;
CREATE FUNCTION doubled(a int) RETURNS int RETURN twice(a) + abs(a);
SELECT doubled(max(a)) FROM trips)",
                              {});
  ASSERT_TRUE(script) << script.error().message;
  ASSERT_EQ(script->statements.size(), 7U);
  const auto& table = script->statements[0];
  EXPECT_EQ(table.kind, StatementKind::Table);
  EXPECT_EQ(table.name, "trips");
  EXPECT_EQ(table.text,
            "CREATE TABLE trips (a int) WITH (connector = 'file', path = 'a.csv', late_table = late)");
  EXPECT_THAT(table.names, ElementsAre("late"));
  const auto& view = script->statements[1];
  EXPECT_EQ(view.kind, StatementKind::View);
  EXPECT_EQ(view.name, "fast");
  EXPECT_THAT(view.names, ElementsAre("trips", "zones"));
  EXPECT_TRUE(view.text.ends_with("ON true")) << view.text;
  EXPECT_EQ(script->statements[2].kind, StatementKind::MaterializedView);
  EXPECT_EQ(script->statements[2].name, "best");
  EXPECT_EQ(script->statements[3].kind, StatementKind::Query);
  EXPECT_EQ(script->statements[4].kind, StatementKind::Explain);
  EXPECT_EQ(script->statements[5].kind, StatementKind::Function);
  EXPECT_EQ(script->statements[5].name, "doubled");
  EXPECT_THAT(script->statements[5].names, ElementsAre("twice"));
  EXPECT_THAT(script->statements[6].names, ElementsAre("doubled", "trips"));
  EXPECT_THAT(script->missing(), ElementsAre("Other", "late", "results", "twice", "w", "zones"));
}

TEST(Outline, NothingIsNothing) {
  const auto script = outline(" -- nothing\n;", {});
  ASSERT_TRUE(script) << script.error().message;
  EXPECT_THAT(script->statements, IsEmpty());
  EXPECT_THAT(script->missing(), IsEmpty());
}

TEST(Outline, WrongTextIsAnError) {
  const auto wrong = outline("SELECT FROM WHERE", {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::Syntax);
  EXPECT_EQ(wrong.error().offset, 12U);
  EXPECT_FALSE(outline(std::string("SELECT 1\0", 9), {}));
  EXPECT_FALSE(outline("SELECT :x", {}));
}

}  // namespace
}  // namespace dart::sql
