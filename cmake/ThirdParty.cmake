# Every library that DART uses, found once.
find_package(fmt CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)

# dart_find_library(target header name...): for packages that bring no CMake file, or one without a static library. The
# first name found wins: libX.a before libX.so.
function(dart_find_library target header)
  find_library(DART_LIBRARY_${target} NAMES ${ARGN} REQUIRED)
  find_path(DART_INCLUDE_${target} ${header} REQUIRED)
  mark_as_advanced(DART_LIBRARY_${target} DART_INCLUDE_${target})
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${DART_LIBRARY_${target}}"
                                             INTERFACE_INCLUDE_DIRECTORIES "${DART_INCLUDE_${target}}")
endfunction()
dart_find_library(pg_query pg_query.h libpg_query.a pg_query)
dart_find_library(zstd zstd.h libzstd.a zstd)
dart_find_library(lz4 lz4.h liblz4.a lz4)
find_path(DART_INCLUDE_tomlplusplus toml++/toml.h REQUIRED)
mark_as_advanced(DART_INCLUDE_tomlplusplus)
add_library(tomlplusplus INTERFACE IMPORTED GLOBAL)
target_include_directories(tomlplusplus SYSTEM INTERFACE "${DART_INCLUDE_tomlplusplus}")
dart_find_library(jemalloc jemalloc/jemalloc.h jemalloc)

# dart_wire_library(target file.proto): the classes that protoc makes of a schema, as a library of system headers. A
# header overlay.pb.h is included as "<folder of the room>/overlay.pb.h" from the build folder.
function(dart_wire_library target schema room)
  get_filename_component(name "${schema}" NAME_WE)
  get_filename_component(folder "${schema}" DIRECTORY)
  set(out "${PROJECT_BINARY_DIR}/wire/${room}")
  file(MAKE_DIRECTORY "${out}")
  add_custom_command(OUTPUT "${out}/${name}.pb.cc" "${out}/${name}.pb.h"
                     COMMAND protobuf::protoc "--proto_path=${folder}" "--cpp_out=${out}" "${schema}"
                     DEPENDS "${schema}" VERBATIM)
  add_library(${target} STATIC "${out}/${name}.pb.cc" "${out}/${name}.pb.h")
  target_include_directories(${target} SYSTEM PUBLIC "${PROJECT_BINARY_DIR}/wire")
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf-lite)
endfunction()
