#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "directory/message.hpp"

namespace dart::directory {

/// The bytes of a message (protobuf, wire/directory.proto); they travel as the payload of an overlay message.
[[nodiscard]] std::string encode(const Message& message);
/// Of any bytes from anywhere. An Error for what is no message or breaks a limit.
[[nodiscard]] Result<Message> decode(std::string_view bytes);

/// What a member keeps on disk of one register.
struct StoredRegister {
  Ballot promised;
  Ballot accepted;
  Record record;
};
[[nodiscard]] std::string encode(const StoredRegister& stored);
[[nodiscard]] Result<StoredRegister> decode_register(std::string_view bytes);

/// What a node keeps on disk of one shard.
struct StoredShard {
  Group group;              ///< the newest that it knows
  std::uint64_t holds = 0;  ///< the newest epoch whose registers it has all; 0: none
  Ballot fence;             ///< promised for all registers together
};
[[nodiscard]] std::string encode(const StoredShard& stored);
[[nodiscard]] Result<StoredShard> decode_shard(std::string_view bytes);

/// The newest life of a node, see Voucher.
struct StoredLife {
  NodeId node;
  Life life;
};
[[nodiscard]] std::string encode(const StoredLife& stored);
[[nodiscard]] Result<StoredLife> decode_life(std::string_view bytes);

/// The value of a register kSuccessor.
[[nodiscard]] std::string encode(const Group& group);
[[nodiscard]] Result<Group> decode_group(std::string_view bytes);

}  // namespace dart::directory
