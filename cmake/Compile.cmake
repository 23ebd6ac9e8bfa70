# Language, warnings, sanitizers and the portable baseline: one place for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Relative paths in the cache key let checkouts in different folders share one cache.
find_program(DART_CCACHE ccache)
if(DART_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER /usr/bin/env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                  ${DART_CCACHE})
endif()

# Dozens of test programs are linked; where mold is there, each takes a tenth of the time.
find_program(DART_MOLD mold)
if(DART_MOLD AND CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_link_options(-fuse-ld=mold)
endif()

# Private flags of our own code; third-party code never sees them.
add_library(dart_flags INTERFACE)
target_compile_options(dart_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # g++ leaves sign conversions out of -Wconversion in C++; clang is held to the same rule.
  target_compile_options(dart_flags INTERFACE -Wno-sign-conversion)
  # Kernels join conditions by & and | of bool on purpose: a branch in the loop would cost more than both sides.
  target_compile_options(dart_flags INTERFACE -Wno-bitwise-instead-of-logical)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in std::string's operator+ at -O3 where there are none (GCC bug 105651).
  target_compile_options(dart_flags INTERFACE -Wno-restrict)
endif()

# Flags that must be alike in every object of the program.
if(DART_DEBUG_CHECKS)
  add_compile_definitions(DART_DEBUG_CHECKS=1)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-march=x86-64-v2)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    add_compile_options(-march=armv8-a)
  endif()
endif()

if(DART_LTO)
  include(CheckIPOSupported)
  check_ipo_supported()
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

if(DART_SANITIZERS)
  add_compile_options(-fsanitize=${DART_SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DART_SANITIZERS})
  if(DART_SANITIZERS MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ cannot instrument atomic_thread_fence, says so, and Boost uses it.
    add_compile_options(-Wno-tsan)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumentation hides from g++ 12 that a std::variant was set; the other presets keep the warning.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

if(DART_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
