#include <gtest/gtest.h>

#include "unit/columnar/function_tester.hpp"

namespace dart::columnar {
namespace {

TEST(Math, RootsPowersLogarithms) {
  expect_all({
      {"sqrt", {"double 2"}, "1.4142135623730951"},
      {"sqrt", {"double -1"}, "error: cannot take square root of a negative number"},
      {"|/", {"double 25"}, "5"},
      {"cbrt", {"double 27"}, "3.0000000000000004"},
      {"||/", {"double -8"}, "-2"},
      {"exp", {"double 1"}, "2.718281828459045"},
      {"exp", {"double 1000"}, "error: value out of range: overflow"},
      {"exp", {"double -1000"}, "error: value out of range: underflow"},
      {"exp", {"double -Infinity"}, "0"},
      {"ln", {"double 2"}, "0.6931471805599453"},
      {"ln", {"double 0"}, "error: cannot take logarithm of zero"},
      {"ln", {"double -1"}, "error: cannot take logarithm of a negative number"},
      {"log", {"double 100"}, "2"},
      {"log10", {"double 1000"}, "3"},
      {"power", {"double 9", "double 3"}, "729"},
      {"^", {"double 2", "double -1"}, "0.5"},
      {"^", {"int 2", "int 10"}, "1024"},
      {"power", {"double 0", "double -1"}, "error: zero raised to a negative power is undefined"},
      {"power",
       {"double -8", "double 0.5"},
       "error: a negative number raised to a non-integer power yields a complex result"},
      {"power", {"double NaN", "double 0"}, "1"},
      {"power", {"double 1", "double NaN"}, "1"},
      {"power", {"double 1e+200", "double 2"}, "error: value out of range: overflow"},
      {"power", {"double 1e-200", "double 2"}, "error: value out of range: underflow"},
      {"power", {"double -Infinity", "double 3"}, "-Infinity"},
      {"sqrt", {"int 16"}, "4"},
      {"degrees", {"double 0.5"}, "28.64788975654116"},
      {"radians", {"double 45"}, "0.7853981633974483"},
      {"pi", {}, "3.141592653589793"},
  });
}

TEST(Math, Angles) {
  expect_all({
      {"sin", {"double 1"}, "0.8414709848078965"},
      {"cos", {"double 1"}, "0.5403023058681398"},
      {"tan", {"double 1"}, "1.5574077246549023"},
      {"cot", {"double 1"}, "0.6420926159343306"},
      {"sin", {"double Infinity"}, "error: input is out of range"},
      {"asin", {"double 1"}, "1.5707963267948966"},
      {"asin", {"double 2"}, "error: input is out of range"},
      {"acos", {"double -1"}, "3.141592653589793"},
      {"atan", {"double 1"}, "0.7853981633974483"},
      {"atan2", {"double 1", "double 0"}, "1.5707963267948966"},
      {"sind", {"double 30"}, "0.5"},
      {"sind", {"double 150"}, "0.5"},
      {"sind", {"double -30"}, "-0.5"},
      {"cosd", {"double 60"}, "0.5"},
      {"cosd", {"double 240"}, "-0.5"},
      {"tand", {"double 45"}, "1"},
      {"tand", {"double 135"}, "-1"},
      {"cotd", {"double 45"}, "1"},
      {"asind", {"double 0.5"}, "30"},
      {"asind", {"double -0.5"}, "-30"},
      {"acosd", {"double 0.5"}, "60"},
      {"acosd", {"double -0.5"}, "120"},
      {"atand", {"double 1"}, "45"},
      {"atan2d", {"double 1", "double 0"}, "90"},
      {"sinh", {"double 1"}, "1.1752011936438014"},
      {"cosh", {"double 0"}, "1"},
      {"tanh", {"double 1"}, "0.7615941559557649"},
      {"asinh", {"double 1"}, "0.881373587019543"},
      {"acosh", {"double 1"}, "0"},
      {"acosh", {"double 0"}, "error: input is out of range"},
      {"atanh", {"double 0.5"}, "0.5493061443340548"},
      {"atanh", {"double 1"}, "Infinity"},
      {"atanh", {"double 2"}, "error: input is out of range"},
      {"sin", {"double NaN"}, "NaN"},
  });
}

TEST(Math, WholeNumbers) {
  expect_all({
      {"gcd", {"int 1071", "int 462"}, "21"},
      {"gcd", {"int -12", "int 0"}, "12"},
      {"gcd", {"int -2147483648", "int 0"}, "error: integer out of range"},
      {"gcd", {"int 0", "int 0"}, "0"},
      {"gcd", {"bigint -9223372036854775808", "bigint 6"}, "2"},
      {"lcm", {"int 1071", "int 462"}, "23562"},
      {"lcm", {"int 0", "int 5"}, "0"},
      {"lcm", {"int 2147483647", "int 2147483646"}, "error: integer out of range"},
      {"lcm", {"bigint -4", "bigint 6"}, "12"},
      {"factorial", {"int 5"}, "120"},
      {"factorial", {"bigint 33"}, "8683317618811886495518194401280000000"},
      {"factorial", {"bigint 0"}, "1"},
      {"factorial", {"bigint -1"}, "error: factorial of a negative number is undefined"},
      {"div", {"numeric(9,2) 9.50", "numeric(9,2) 4"}, "2"},
      {"div", {"numeric(9,2) -9.50", "int 4"}, "-2"},
      {"div", {"numeric(9,2) 1", "int 0"}, "error: division by zero"},
      {"mod", {"numeric(9,2) 9.50", "int 4"}, "1.50"},
      {"gcd", {"numeric(9,2) 12.50", "numeric(9,3) 5.000"}, "2.500"},
      {"lcm", {"numeric(9,2) 12.50", "numeric(9,3) -5.000"}, "25.000"},
      {"lcm", {"numeric(9,2) 0", "int 4"}, "0.00"},
      {"gcd", {"numeric(9,2) -12.50", "int 0"}, "12.50"},
  });
}

TEST(Math, NumericRootsPowersLogarithms) {
  expect_all({
      {"sqrt", {"numeric(20,16) 2"}, "1.4142135623730950"},
      {"sqrt", {"numeric(9,2) 16.00"}, "4.0000000000000000"},
      {"sqrt", {"numeric(9,2) -1"}, "error: cannot take square root of a negative number"},
      {"sqrt", {"numeric(38,0) 1000000000000000000000"}, "31622776601.6837933199889354"},
      {"ln", {"numeric(20,16) 2"}, "0.6931471805599453"},
      {"ln", {"numeric(20,16) 0"}, "error: cannot take logarithm of zero"},
      {"log", {"numeric(38,16) 1000"}, "3.0000000000000000"},
      {"log", {"numeric(9,2) 2", "numeric(9,2) 64"}, "6.0000000000000000"},
      {"log", {"numeric(9,2) 1", "numeric(9,2) 64"}, "error: division by zero"},
      {"exp", {"numeric(20,16) 1"}, "2.7182818284590452"},
      {"power", {"numeric(9,2) 2", "numeric(9,2) 0.5"}, "1.4142135623730950"},
      {"power", {"numeric(9,0) 12345", "int 5"}, "286718338524635465625.0000000000000000"},
      {"^", {"numeric(9,2) 2.0", "numeric(9,2) 10"}, "1024.0000000000000000"},
      {"power", {"numeric(9,2) -2", "numeric(9,2) 3"}, "-8.0000000000000000"},
      {"power",
       {"numeric(9,2) -2", "numeric(9,2) 0.5"},
       "error: a negative number raised to a non-integer power yields a complex result"},
      {"power", {"numeric(9,2) 0", "numeric(9,2) -1"}, "error: zero raised to a negative power is undefined"},
      {"^", {"numeric(9,2) 2", "numeric(9,2) -2"}, "0.2500000000000000"},
  });
}

}  // namespace
}  // namespace dart::columnar
