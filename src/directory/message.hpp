#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "directory/ballot.hpp"
#include "directory/group.hpp"
#include "directory/record.hpp"

namespace dart::directory {

/// One register of one shard in one epoch of its group.
struct Slot {
  ShardNumber shard = 0;
  std::uint64_t epoch = 0;
  std::string name;
};

/// As the expected version: whatever it is.
inline constexpr std::uint64_t kAnyVersion = UINT64_MAX;

enum class Operation : std::uint8_t { Get = 1, Set = 2, Delete = 3 };

/// How an operation ended.
enum class Outcome : std::uint8_t {
  Ok = 1,           ///< read, or changed: `version` and `value` are those of the record now
  Conflict = 2,     ///< the version was not the expected one; what it is comes along
  Unavailable = 3,  ///< not applied, and never will be: no majority of the group could be reached
  Unknown = 4,      ///< may have been applied, or still be; ask again with the same request id
  Refused = 5,      ///< a limit: `value` says which
};

/// Routed to the centre of a shard: who coordinates there?
struct Locate {
  ShardNumber shard = 0;
};
struct Located {
  ShardNumber shard = 0;
};

/// From a client straight to the coordinator that answered. Set and Delete take effect only when the record
/// has the version `expected` (0: never written). With kAnyVersion a Delete of what is not there changes
/// nothing.
struct Ask {
  RequestId request;
  Operation operation = Operation::Get;
  std::string name;
  std::uint64_t expected = 0;
  std::string value;
  std::uint32_t attempt = 1;  ///< how often the client has sent this request, this time included
};
struct Answer {
  RequestId request;
  std::uint32_t attempt = 1;  ///< echoed
  Outcome outcome = Outcome::Unknown;
  std::uint64_t version = 0;
  bool exists = false;
  std::string value;
};

/// An answer without a record.
[[nodiscard]] inline Answer ended(const Ask& ask, Outcome outcome, std::string reason = {}) {
  return {ask.request, ask.attempt, outcome, 0, false, std::move(reason)};
}

/// A record, as a list names it.
struct NameVersion {
  std::string name;
  std::uint64_t version = 0;
};

enum class Verdict : std::uint8_t {
  Ok = 1,
  Rejected = 2,  ///< a higher ballot has been promised
  Moved = 3,     ///< the epoch is over; the group that follows comes along
  Closing = 4,   ///< has accepted a successor of the group: decide that first
  NoVote = 5,    ///< is no member, or does not hold the shard yet, or lost its disk
  Full = 6,      ///< holds as many names as it may, or as much as its disk is lent for
};

/// First round (CASPaxos, Rystsov 2018). Without a ballot it only reads: nothing is promised.
struct Prepare {
  Slot slot;
  std::uint64_t round = 0;  ///< echoed
  Ballot ballot;
};
struct Promise {
  ShardNumber shard = 0;
  std::uint64_t round = 0;
  Verdict verdict = Verdict::NoVote;
  std::uint64_t life = 0;  ///< of the voter, see Voucher
  Ballot promised;
  Ballot accepted;  ///< none: `record` is the empty one
  Record record;
  Group group;  ///< of Moved
};

/// "This member has promised, in this life of its disk." A member that lost its disk goes on in a new life,
/// and what the old one had promised counts no more: whoever knows of the new life refuses such a quorum.
struct Voucher {
  NodeId member;
  std::uint64_t life = 0;
};

/// Second round. `next` is promised along with it, so that the same coordinator can skip the first round.
struct Accept {
  Slot slot;
  std::uint64_t round = 0;
  Ballot ballot;
  Ballot next;
  std::vector<Voucher> quorum;  ///< who promised `ballot`
  Record record;
};
struct Accepted {
  ShardNumber shard = 0;
  std::uint64_t round = 0;
  Verdict verdict = Verdict::NoVote;
  std::uint64_t life = 0;
  Ballot promised;
  Group group;       ///< of Moved
  Voucher outlived;  ///< of Rejected: a member of the quorum, and a later life of it; zero: none
};

/// One life of a node's disk. Each start makes the number one higher; `boot` is drawn at the start, so that
/// two starts from copies of one disk can be told apart.
struct Life {
  std::uint64_t number = 0;
  std::uint64_t boot = 0;
};

/// A member that does not vote yet asks another for what it holds, in the order of names after `after`.
struct Fetch {
  ShardNumber shard = 0;
  std::uint64_t epoch = 0;  ///< of the group that is asked as such: the own, or the one before
  Life life;                ///< of the asker
  Ballot fence;             ///< in the own group: nothing lower is decided afterwards; none: a transfer
  std::string after;
  bool begins = true;  ///< the first piece
};
struct Held {
  std::string name;
  Ballot accepted;
  Record record;
};
struct Fetched {
  ShardNumber shard = 0;
  std::uint64_t epoch = 0;
  Verdict verdict = Verdict::NoVote;
  std::uint64_t known_life = 0;  ///< the newest other life of the asker that this member knows of; 0: none
  Ballot fence;                  ///< echoed
  Ballot promised;               ///< the highest of all its registers
  std::vector<Held> held;
  std::string after;  ///< echoed
  bool begins = true;
  bool last = true;
};

/// The newest group of a shard, to its members and to those who may be asked for it.
struct Offer {
  ShardNumber shard = 0;
  Group group;
  bool settled = false;  ///< all members vote: whoever is none may forget the registers
};
struct Offered {
  ShardNumber shard = 0;
  std::uint64_t epoch = 0;  ///< the newest that is known here
  bool votes = false;       ///< in that epoch
};

/// Tell me of new versions of this record for a while; answered with a Notice of the present one.
struct Watch {
  std::string name;
};
struct Notice {
  std::string name;
  std::uint64_t version = 0;
};

/// The receiver voted in a life that is over for others: a copy of its disk has spoken for it since. It has
/// to go on in a life after that one.
struct Outlived {
  std::uint64_t life = 0;
};

/// Which names of a shard begin like this? From a client to the coordinator.
struct Scan {
  RequestId request;
  ShardNumber shard = 0;
  std::string prefix;
  std::string after;        ///< only names that come later, in the order of bytes
  std::uint32_t limit = 1;  ///< so many entries are enough
};
struct Scanned {
  RequestId request;
  ShardNumber shard = 0;
  Outcome outcome = Outcome::Unavailable;
  std::vector<NameVersion> names;  ///< of records that exist
  std::string after;               ///< everything up to this name has been looked at
  bool more = false;               ///< there may be names behind it
};

/// The same of one voter. Tombstones are told of too: they hide older versions that others hold.
struct Browse {
  ShardNumber shard = 0;
  std::uint64_t epoch = 0;
  std::uint64_t round = 0;
  std::string prefix;
  std::string after;
  std::uint32_t limit = 1;
};
struct Browsed {
  struct Entry {
    std::string name;
    Ballot accepted;
    std::uint64_t version = 0;
    bool exists = false;
  };
  ShardNumber shard = 0;
  std::uint64_t round = 0;
  Verdict verdict = Verdict::NoVote;
  Group group;  ///< of Moved
  std::vector<Entry> entries;
  bool last = true;
};

/// Routed to the centre of a shard: go on without the members that are gone.
struct ReformShard {
  RequestId request;
  ShardNumber shard = 0;
};
enum class Reforming : std::uint8_t {
  Healthy = 1,   ///< a majority votes: nothing was done
  Survived = 2,  ///< a new group has what the members that are left had
  Empty = 3,     ///< nobody was left
  Failed = 4,    ///< those who are left have not handed over what they have
};
struct ShardReformed {
  RequestId request;
  ShardNumber shard = 0;
  Reforming result = Reforming::Failed;
};

using Message = std::variant<Locate, Located, Ask, Answer, Prepare, Promise, Accept, Accepted, Fetch, Fetched,
                             Offer, Offered, Watch, Notice, Outlived, Scan, Scanned, Browse, Browsed,
                             ReformShard, ShardReformed>;

/// Names of the kinds of Message, by index().
inline constexpr std::string_view kMessageNames[] = {
    "locate",   "located", "ask",     "answer", "prepare", "promise", "accept",
    "accepted", "fetch",   "fetched", "offer",  "offered", "watch",   "notice",
    "outlived", "scan",    "scanned", "browse", "browsed", "reform",  "reformed"};
static_assert(std::size(kMessageNames) == std::variant_size_v<Message>);

}  // namespace dart::directory
