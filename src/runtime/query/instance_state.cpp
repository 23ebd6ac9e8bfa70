#include "runtime/query/instance_state.hpp"

#include "base/bytes.hpp"

namespace dart::runtime {

namespace {

/// The first byte; raised with every change of what follows.
constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string wrap_state(std::string_view snapshot, QueryOutput* output, std::uint64_t run) {
  ByteWriter out;
  out.fixed(kVersion);
  out.fixed<std::uint8_t>(output == nullptr ? 0 : 1);
  if (output != nullptr) output->save(run, out);
  out.text(snapshot);
  return out.take();
}

Result<std::string_view> unwrap_state(std::string_view state, QueryOutput& output, std::uint64_t run) {
  ByteReader in(state);
  DART_TRY(const std::uint8_t version, in.fixed<std::uint8_t>());
  if (version != kVersion) {
    return fail(ErrorCode::Data, "the instance's state is in the layout of another version of dart");
  }
  DART_TRY(const std::uint8_t shows, in.fixed<std::uint8_t>());
  if (shows != 0) DART_TRY_STATUS(output.load(run, in));
  DART_TRY(const std::string_view snapshot, in.text());
  if (in.remaining() != 0) return fail(ErrorCode::Data, "bytes behind the end of an instance's state");
  return snapshot;
}

}  // namespace dart::runtime
