#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/exchange.hpp"
#include "api/keys_port.hpp"

namespace dart::api {

/// One client that wants to see the versions of one record: what it is now, then each that is heard of, read
/// before it is sent. Versions that follow each other fast may be passed over; the newest never is.
class KeyWatch : public std::enable_shared_from_this<KeyWatch> {
 public:
  KeyWatch(KeysPort& port, std::string name, std::weak_ptr<EventSink> sink)
      : port_(port), name_(std::move(name)), sink_(std::move(sink)) {}
  ~KeyWatch();
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;

  /// Once, when a shared_ptr has it.
  void begin();

 private:
  void heard(std::uint64_t version);
  void read();
  void have(const directory::Answer& answer);

  KeysPort& port_;
  std::string name_;
  std::weak_ptr<EventSink> sink_;
  std::optional<std::uint64_t> watch_;
  std::optional<std::uint64_t> sent_;
  std::uint64_t newest_ = 0;  // heard of
  bool reading_ = false;
};

}  // namespace dart::api
