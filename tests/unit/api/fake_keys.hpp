#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/keys_port.hpp"

namespace dart::api {

/// Firm records in a map. Answers at once, or, once held, when told to; the next answer can be forced.
class FakeKeys final : public KeysPort {
 public:
  struct Record {
    std::uint64_t version = 0;
    bool exists = false;
    std::string value;
  };

  [[nodiscard]] directory::RequestId draw_request() override { return {7, ++drawn_}; }
  void run(directory::Command command, std::function<void(const directory::Answer&)> done) override {
    commands.push_back(command);
    if (hold) {
      held.push_back([this, command = std::move(command), done] { answer(command, done); });
    } else {
      answer(command, done);
    }
  }
  void list(directory::ListNames list, std::function<void(const directory::Listed&)> done) override {
    directory::Listed listed{0, force.value_or(directory::Outcome::Ok), {}, false, "why"};
    for (const auto& [name, record] : records) {
      if (name.starts_with(list.prefix) && record.exists) listed.names.push_back({name, record.version});
    }
    done(listed);
  }
  void reform(std::function<void(const directory::Reformed&)> done) override { done(reformed); }
  void put_soft(directory::soft::PutSoft put,
                std::function<void(const directory::soft::Done&)> done) override {
    puts.push_back(put);
    soft.name = put.name;
    if (force_soft == directory::soft::Outcome::Ok) {
      soft = {put.name, {soft.version.number + 1, {1, 2}}, put.exists, put.value, put.lifetime_us};
    }
    done({0, force_soft, soft, "why"});
  }
  void get_soft(directory::soft::GetSoft get,
                std::function<void(const directory::soft::Done&)> done) override {
    soft.name = get.name;
    done({0, force_soft, soft, "why"});
  }
  [[nodiscard]] std::uint64_t watch(const std::string& name,
                                    std::function<void(std::uint64_t version)> changed) override {
    watches[++watched_] = {name, std::move(changed)};
    return watched_;
  }
  void unwatch(std::uint64_t watch) override { watches.erase(watch); }

  /// A change by somebody else, of which the watches hear.
  void write(const std::string& name, const std::string& value) {
    Record& record = records[name];
    record = {record.version + 1, true, value};
    const auto told = watches;
    for (const auto& [id, watch] : told) {
      if (watch.first == name) watch.second(record.version);
    }
  }

  std::map<std::string, Record> records;
  std::vector<directory::Command> commands;
  std::optional<directory::Outcome> force;
  directory::Reformed reformed;
  directory::soft::Record soft;  // the only one
  std::vector<directory::soft::PutSoft> puts;
  directory::soft::Outcome force_soft = directory::soft::Outcome::Ok;
  bool hold = false;
  std::vector<std::function<void()>> held;
  std::map<std::uint64_t, std::pair<std::string, std::function<void(std::uint64_t)>>> watches;

 private:
  void answer(const directory::Command& command, const std::function<void(const directory::Answer&)>& done) {
    using directory::Operation;
    using directory::Outcome;
    Record& record = records[command.name];
    Outcome outcome = force.value_or(Outcome::Ok);
    if (outcome == Outcome::Ok && command.operation != Operation::Get) {
      const bool meant = command.expected == directory::kAnyVersion || command.expected == record.version;
      if (!meant) outcome = Outcome::Conflict;
      if (meant) record = {record.version + 1, command.operation == Operation::Set, command.value};
    }
    const bool has_record = outcome == Outcome::Ok || outcome == Outcome::Conflict;
    done({command.request, 1, outcome, has_record ? record.version : 0, has_record && record.exists,
          has_record ? record.value : "why"});
  }

  std::uint64_t drawn_ = 0;
  std::uint64_t watched_ = 0;
};

}  // namespace dart::api
