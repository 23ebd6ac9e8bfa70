#include "directory/record.hpp"

#include "base/random.hpp"

namespace dart::directory {

namespace {

/// Shards are a power of two, so the top bits of a key are its shard.
constexpr unsigned kShardBits = 6;
static_assert(limits::kShards == 1U << kShardBits);

}  // namespace

ShardNumber shard_of(std::string_view name) {
  std::uint64_t hash = mix64(name.size());
  for (const char c : name) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return static_cast<ShardNumber>(hash >> (64 - kShardBits));
}

Key centre_of(ShardNumber shard) {
  return {(std::uint64_t{shard} << (64 - kShardBits)) | (std::uint64_t{1} << (63 - kShardBits)), 0};
}

}  // namespace dart::directory
