#pragma once

#include <span>

#include "columnar/function.hpp"

/// The lists that make up scalar_functions(), one a file.
namespace dart::columnar {

std::span<const ScalarFunction> arithmetic_functions();
std::span<const ScalarFunction> comparison_functions();
std::span<const ScalarFunction> conditional_functions();
std::span<const ScalarFunction> format_functions();
std::span<const ScalarFunction> json_functions();
std::span<const ScalarFunction> like_functions();
std::span<const ScalarFunction> logic_functions();
std::span<const ScalarFunction> math_functions();
std::span<const ScalarFunction> numeric_functions();
std::span<const ScalarFunction> numeric_math_functions();
std::span<const ScalarFunction> pattern_functions();
std::span<const ScalarFunction> rounding_functions();
std::span<const ScalarFunction> text_functions();
std::span<const ScalarFunction> text_more_functions();
std::span<const ScalarFunction> time_functions();
std::span<const ScalarFunction> width_bucket_functions();

}  // namespace dart::columnar
