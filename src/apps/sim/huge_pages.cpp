#include "apps/sim/huge_pages.hpp"

#include <jemalloc/jemalloc.h>
#include <sys/mman.h>

#include <cstddef>

// Sanitizers bring a malloc of their own, and then this is not there.
#pragma weak mallctl

namespace dart::apps {

namespace {

const extent_hooks_t* usual_hooks = nullptr;

void* allocate(extent_hooks_t* /*hooks*/, void* wanted, std::size_t size, std::size_t alignment, bool* zero,
               bool* commit, unsigned arena) {
  auto* usual = const_cast<extent_hooks_t*>(usual_hooks);
  void* memory = usual->alloc(usual, wanted, size, alignment, zero, commit, arena);
  if (memory != nullptr) madvise(memory, size, MADV_HUGEPAGE);  // a wish: refusal is no failure
  return memory;
}

}  // namespace

void use_huge_pages() {
  if (mallctl == nullptr || usual_hooks != nullptr) return;
  extent_hooks_t* found = nullptr;
  std::size_t size = sizeof found;
  if (mallctl("arena.0.extent_hooks", &found, &size, nullptr, 0) != 0) return;
  usual_hooks = found;
  static extent_hooks_t hooks = *found;
  hooks.alloc = allocate;
  extent_hooks_t* chosen = &hooks;
  unsigned arena = 0;
  size = sizeof arena;
  if (mallctl("arenas.create", &arena, &size, &chosen, sizeof chosen) != 0) return;
  mallctl("thread.arena", nullptr, nullptr, &arena, sizeof arena);
}

}  // namespace dart::apps
