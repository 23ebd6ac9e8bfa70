#include "plan/expression.hpp"

#include <gtest/gtest.h>

#include "plan/shape.hpp"
#include "unit/plan/plan_maker.hpp"

namespace dart::plan {
namespace {

using columnar::CastKind;
using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using testing::call;
using testing::number;
using Kind = Expression::Kind;

const std::vector<std::string> kNames = {"a", "b", "s", "ts", "Odd Name"};

ExpressionPtr a() { return make_column(0, LogicalType::of(TypeId::BigInt)); }
ExpressionPtr b() { return make_column(1, LogicalType::of(TypeId::BigInt)); }
ExpressionPtr s() { return make_column(2, LogicalType::of(TypeId::Text)); }
ExpressionPtr text(std::string value) { return make_literal(Value::text(std::move(value))); }
std::string shown(const ExpressionPtr& expression) { return to_string(*expression, kNames); }

TEST(ExpressionText, OnlyTheParenthesesThatItNeeds) {
  EXPECT_EQ(shown(call("*", {call("+", {a(), b()}), number(2)})), "(a + b) * 2");
  EXPECT_EQ(shown(call("+", {a(), call("*", {b(), number(2)})})), "a + b * 2");
  EXPECT_EQ(shown(call("-", {call("-", {a(), b()}), number(1)})), "a - b - 1");
  EXPECT_EQ(shown(call("-", {a(), call("-", {b(), number(1)})})), "a - (b - 1)");
  EXPECT_EQ(shown(call("-", {call("-", {a()})})), "-(-a)");
  EXPECT_EQ(shown(call("not", {call("=", {a(), b()})})), "NOT a = b");
  EXPECT_EQ(shown(call("is null", {call("+", {a(), b()})})), "a + b IS NULL");
}

TEST(ExpressionText, RangesAndLogic) {
  const ExpressionPtr range =
      make_logical(Kind::And, {call(">=", {a(), number(1)}), call("<=", {a(), number(300)})});
  EXPECT_EQ(shown(range), "a BETWEEN 1 AND 300");
  const ExpressionPtr either = make_logical(Kind::Or, {range, call("<", {b(), number(0)})});
  EXPECT_EQ(shown(either), "a BETWEEN 1 AND 300 OR b < 0");
  EXPECT_EQ(shown(make_logical(Kind::And, {either, call("=", {b(), a()})})),
            "(a BETWEEN 1 AND 300 OR b < 0) AND b = a");
  const ExpressionPtr other =
      make_logical(Kind::And, {call(">=", {a(), number(1)}), call("<=", {b(), number(3)})});
  EXPECT_EQ(shown(other), "a >= 1 AND b <= 3");
}

TEST(ExpressionText, NamesAndLiterals) {
  EXPECT_EQ(shown(make_column(4, LogicalType::of(TypeId::Text))), "\"Odd Name\"");
  EXPECT_EQ(shown(call("<>", {s(), text("it's")})), "s <> 'it''s'");
  EXPECT_EQ(shown(make_literal(Value::interval(60'000'000))), "INTERVAL '00:01:00'");
  EXPECT_EQ(shown(make_literal(Value::null(LogicalType::of(TypeId::BigInt)))), "NULL");
  const ExpressionPtr condition = call("=", {a(), number(1)});
  EXPECT_EQ(shown(make_case({condition, text("x"), make_literal(Value::null(LogicalType::of(TypeId::Text)))},
                            LogicalType::of(TypeId::Text))),
            "CASE WHEN a = 1 THEN 'x' END");
  EXPECT_EQ(shown(*make_cast(a(), LogicalType::of(TypeId::Text), CastKind::Explicit)), "a::text");
}

TEST(ExpressionMaking, LiteralsAreComputedAtOnce) {
  const ExpressionPtr sum = call("+", {number(1), number(2)});
  ASSERT_EQ(sum->kind, Kind::Literal);
  EXPECT_EQ(sum->literal, Value::bigint(3));
  const ExpressionPtr unknown =
      call("+", {number(1), make_literal(Value::null(LogicalType::of(TypeId::BigInt)))});
  ASSERT_EQ(unknown->kind, Kind::Literal);
  EXPECT_TRUE(unknown->literal.is_null());
}

TEST(ExpressionMaking, WhatFailsOnLiteralsIsLeftToTheRows) {
  const ExpressionPtr quotient = call("/", {number(1), number(0)});
  EXPECT_EQ(quotient->kind, Kind::Call);
}

TEST(ExpressionMaking, CastsOfLiterals) {
  const auto cast = make_cast(number(5), LogicalType::numeric(9, 2), CastKind::Implicit, 7);
  ASSERT_TRUE(cast);
  EXPECT_EQ((*cast)->kind, Kind::Literal);
  EXPECT_EQ((*cast)->literal, Value::numeric(9, 2, 500));
  const auto wrong = make_cast(text("x"), LogicalType::of(TypeId::BigInt), CastKind::Explicit, 7);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().offset, 7U);
}

TEST(ExpressionMaking, UnknownFunctionsSayWhere) {
  const auto made = make_call("no_such_function", {a()}, 42);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().offset, 42U);
}

TEST(ExpressionMaking, LogicDropsWhatDecidesNothing) {
  const ExpressionPtr yes = make_literal(Value::boolean(true));
  const ExpressionPtr no = make_literal(Value::boolean(false));
  const ExpressionPtr condition = call("=", {a(), b()});
  EXPECT_TRUE(equal(*make_logical(Kind::And, {yes, condition, yes}), *condition));
  EXPECT_TRUE(equal(*make_logical(Kind::And, {no, condition}), *no));
  EXPECT_TRUE(equal(*make_logical(Kind::Or, {}), *no));
  EXPECT_TRUE(equal(*make_logical(Kind::And, {}), *yes));
  // Arguments before the one that decides may still fail on a row.
  EXPECT_EQ(make_logical(Kind::And, {condition, no, condition})->arguments.size(), 2U);
  const ExpressionPtr nested =
      make_logical(Kind::And, {make_logical(Kind::And, {condition, condition}), condition});
  EXPECT_EQ(nested->arguments.size(), 3U);
}

TEST(ExpressionChanging, SubstituteRenumberMark) {
  const ExpressionPtr sum = call("+", {a(), b()});
  const std::vector<ExpressionPtr> with = {call("*", {b(), number(2)}), number(7)};
  EXPECT_EQ(shown(substitute(sum, with)), "b * 2 + 7");
  EXPECT_EQ(shown(renumber(sum, std::vector<std::uint32_t>{1, 0})), "b + a");
  EXPECT_EQ(renumber(sum, std::vector<std::uint32_t>{0, 1}), sum) << "unchanged parts stay shared";
  std::vector<bool> used(4, false);
  mark_columns(*sum, used);
  EXPECT_EQ(used, (std::vector<bool>{true, true, false, false}));
}

TEST(ExpressionChanging, Equality) {
  EXPECT_TRUE(equal(*call("+", {a(), number(1)}), *call("+", {a(), number(1)})));
  EXPECT_FALSE(equal(*call("+", {a(), number(1)}), *call("+", {a(), number(2)})));
  EXPECT_FALSE(equal(*call("+", {a(), number(1)}), *call("-", {a(), number(1)})));
  EXPECT_FALSE(equal(*a(), *b()));
}

TEST(ExpressionChecking, WrongOnesAreFound) {
  const std::vector<LogicalType> columns = {LogicalType::of(TypeId::BigInt), LogicalType::of(TypeId::BigInt)};
  EXPECT_TRUE(check_expression(*call("+", {a(), b()}), columns));
  EXPECT_FALSE(check_expression(*s(), columns)) << "a column that is not there";
  EXPECT_FALSE(check_expression(*make_column(0, LogicalType::of(TypeId::Text)), columns))
      << "of another type";
  ExpressionPtr deep = a();
  for (int i = 0; i < 300; ++i) deep = call("-", {deep});
  EXPECT_FALSE(check_expression(*deep, columns)) << "nested too deep";
  Expression unbound = *call("+", {a(), b()});
  unbound.bound.kernel = nullptr;
  EXPECT_FALSE(check_expression(unbound, columns));
}

}  // namespace
}  // namespace dart::plan
