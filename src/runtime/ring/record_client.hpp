#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "node/node_core.hpp"

namespace dart::runtime {

/// The records of a ring, as a local client of one node uses them: callbacks instead of tags. Lives on
/// the loop's thread; callbacks come from inside the driver and must not step it.
class RecordClient {
 public:
  /// Feeds the node, in a later turn of the loop.
  using Feed = std::function<void(node::Input)>;
  using Done = std::function<void(const directory::Answer&)>;
  using ListDone = std::function<void(const directory::Listed&)>;
  using ReformDone = std::function<void(const directory::Reformed&)>;
  using SoftDone = std::function<void(const directory::soft::Done&)>;
  using Changed = std::function<void(std::uint64_t version)>;

  explicit RecordClient(Feed feed) : feed_(std::move(feed)) {}
  RecordClient(const RecordClient&) = delete;
  RecordClient& operator=(const RecordClient&) = delete;

  /// Runs it, whatever its tag; `done` is called once.
  void run(directory::Command command, Done done);
  void list(directory::ListNames list, ListDone done);
  void reform(ReformDone done);
  void put_soft(directory::soft::PutSoft put, SoftDone done);
  void get_soft(directory::soft::GetSoft get, SoftDone done);
  /// `changed` is called with each version that is heard of from now on, until `unwatch` of what this gives.
  /// What the record is at the beginning may come too, or not: read it.
  std::uint64_t watch(const std::string& name, Changed changed);
  void unwatch(std::uint64_t watch);

  /// What the node said.
  void on(const directory::Completed& completed);
  void on(const directory::Listed& listed);
  void on(const directory::Reformed& reformed);
  void on(const directory::Changed& changed);
  void on(const directory::soft::Done& done);

 private:
  struct Watch {
    std::string name;
    Changed changed;
  };

  Feed feed_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Done> running_;
  std::map<std::uint64_t, ListDone> listing_;
  std::map<std::uint64_t, ReformDone> reforming_;
  std::map<std::uint64_t, SoftDone> soft_;
  std::map<std::uint64_t, Watch> watches_;
};

}  // namespace dart::runtime
