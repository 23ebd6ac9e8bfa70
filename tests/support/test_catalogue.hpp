#pragma once

#include "plan/catalogue.hpp"

namespace dart::test {

/// Connectors and formats by name only, as the real ones are called: what compiling needs.
[[nodiscard]] plan::Catalogue test_catalogue();

}  // namespace dart::test
