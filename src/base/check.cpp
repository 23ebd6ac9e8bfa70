#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace dart {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "dart: internal error: %s is false (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace dart
