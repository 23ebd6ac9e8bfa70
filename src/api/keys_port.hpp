#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "directory/port.hpp"
#include "directory/soft/port.hpp"

namespace dart::api {

/// The records of a ring, as the API needs them of a node. On the thread of the node's loop.
class KeysPort {
 public:
  virtual ~KeysPort() = default;
  /// A request id that nobody else has.
  [[nodiscard]] virtual directory::RequestId draw_request() = 0;
  /// `done` is called once, later; the tag is the port's.
  virtual void run(directory::Command command, std::function<void(const directory::Answer&)> done) = 0;
  virtual void list(directory::ListNames list, std::function<void(const directory::Listed&)> done) = 0;
  virtual void reform(std::function<void(const directory::Reformed&)> done) = 0;
  virtual void put_soft(directory::soft::PutSoft put,
                        std::function<void(const directory::soft::Done&)> done) = 0;
  virtual void get_soft(directory::soft::GetSoft get,
                        std::function<void(const directory::soft::Done&)> done) = 0;
  /// `changed` is called with new versions until `unwatch` of what this gives; with what the record is at the
  /// beginning perhaps.
  [[nodiscard]] virtual std::uint64_t watch(const std::string& name,
                                            std::function<void(std::uint64_t version)> changed) = 0;
  virtual void unwatch(std::uint64_t watch) = 0;
};

}  // namespace dart::api
