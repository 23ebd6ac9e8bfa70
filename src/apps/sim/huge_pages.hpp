#pragma once

namespace dart::apps {

/// From here on the calling thread's memory comes from an arena of its own in pages of 2 MB where the system
/// has them: a simulated ring is gigabytes that are read in no order, and most of the wait is for addresses.
/// Does nothing where malloc is not jemalloc's.
void use_huge_pages();

}  // namespace dart::apps
