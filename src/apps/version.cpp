#include "apps/version.hpp"

namespace dart::apps {

std::string_view version_line() { return "dart " DART_VERSION; }

}  // namespace dart::apps
