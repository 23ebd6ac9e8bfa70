#include "apps/record_reads.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace dart::apps {

namespace {

using api::QueryFailure;
using directory::Answer;
using directory::Outcome;
using Answers = std::vector<Answer>;

/// Reads under way at once.
constexpr std::size_t kWindow = 32;
constexpr const char* kWhoIsThere = "try again; `dart ring ls` shows which nodes are there";

struct Reading : std::enable_shared_from_this<Reading> {
  Reading(api::KeysPort& port, std::vector<std::string> all,
          std::function<void(api::QueryResult<Answers>)> end)
      : keys(port), names(std::move(all)), answers(names.size()), done(std::move(end)) {}

  void go_on() {
    while (next < names.size() && running < kWindow) {
      ++running;
      const std::size_t place = next++;
      read_record(keys, names[place], [self = shared_from_this(), place](api::QueryResult<Answer> answer) {
        self->have(place, std::move(answer));
      });
    }
    if (running == 0 && done) std::exchange(done, nullptr)(std::move(answers));
  }
  void have(std::size_t place, api::QueryResult<Answer> answer) {
    --running;
    if (!done) return;
    if (!answer) return std::exchange(done, nullptr)(tl::unexpected(answer.error()));
    answers[place] = *std::move(answer);
    go_on();
  }

  api::KeysPort& keys;
  std::vector<std::string> names;
  Answers answers;
  std::function<void(api::QueryResult<Answers>)> done;
  std::size_t next = 0;
  std::size_t running = 0;
};

void list_after(api::KeysPort& keys, const std::string& prefix, std::vector<std::string> found,
                std::function<void(api::QueryResult<std::vector<std::string>>)> done) {
  directory::ListNames asked;
  asked.prefix = prefix;
  if (!found.empty()) asked.after = found.back();
  keys.list(std::move(asked), [&keys, prefix, found = std::move(found),
                               done = std::move(done)](const directory::Listed& listed) mutable {
    if (listed.outcome != Outcome::Ok) {
      return done(tl::unexpected(QueryFailure{503, "not all nodes that keep records answer", kWhoIsThere}));
    }
    for (const auto& one : listed.names) found.push_back(one.name);
    if (listed.more && !listed.names.empty()) {
      return list_after(keys, prefix, std::move(found), std::move(done));
    }
    done(std::move(found));
  });
}

}  // namespace

QueryFailure failure_of(const Answer& answer) {
  switch (answer.outcome) {
    case Outcome::Refused:
      return {503, answer.value, "delete records, or lend more disk (`dart node start --lend-disk`)"};
    case Outcome::Unknown:
      return {504, "it is not known whether the change was made", "ask again: the same request is safe"};
    default:
      return {503, "no majority of the nodes that keep the record answers; nothing was changed", kWhoIsThere};
  }
}

void read_record(api::KeysPort& keys, const std::string& name,
                 std::function<void(api::QueryResult<Answer>)> done) {
  keys.run({0, keys.draw_request(), directory::Operation::Get, name, 0, {}, false},
           [done = std::move(done)](const Answer& answer) {
             if (answer.outcome == Outcome::Ok) return done(answer);
             done(tl::unexpected(failure_of(answer)));
           });
}

void read_records(api::KeysPort& keys, std::vector<std::string> names,
                  std::function<void(api::QueryResult<Answers>)> done) {
  std::make_shared<Reading>(keys, std::move(names), std::move(done))->go_on();
}

void list_names(api::KeysPort& keys, const std::string& prefix,
                std::function<void(api::QueryResult<std::vector<std::string>>)> done) {
  list_after(keys, prefix, {}, std::move(done));
}

void write_record(api::KeysPort& keys, const std::string& name, std::uint64_t expected,
                  const std::optional<std::string>& value, std::function<void(api::QueryResult<bool>)> done) {
  const auto operation = value ? directory::Operation::Set : directory::Operation::Delete;
  keys.run({0, keys.draw_request(), operation, name, expected, value.value_or(""), false},
           [done = std::move(done)](const Answer& answer) {
             if (answer.outcome == Outcome::Ok) return done(true);
             if (answer.outcome == Outcome::Conflict) return done(false);
             done(tl::unexpected(failure_of(answer)));
           });
}

}  // namespace dart::apps
