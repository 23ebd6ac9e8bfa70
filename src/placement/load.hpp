#pragma once

#include <cstdint>

namespace dart::placement {

/// How busy a machine is; rides on badges and in answers.
struct Load {
  std::uint32_t cpu_permille = 0;  ///< of all its cores
  std::uint32_t queue_rows = 0;    ///< waiting in front of its instances
  std::uint32_t instances = 0;     ///< that run or are reserved there
  std::uint32_t capacity = 0;      ///< instances it takes at most; 0: no limit of its own
  std::uint64_t free_bytes = 0;    ///< of its memory budget
};

}  // namespace dart::placement
