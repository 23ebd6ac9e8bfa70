#include "plan/table.hpp"

namespace dart::plan {

const columnar::Value* find_option(const Options& options, std::string_view name) {
  for (const auto& [key, value] : options) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace dart::plan
