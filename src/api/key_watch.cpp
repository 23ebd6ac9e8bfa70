#include "api/key_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/record_json.hpp"

namespace dart::api {

using directory::Answer;
using directory::Outcome;

KeyWatch::~KeyWatch() {
  if (watch_) port_.unwatch(*watch_);
}

void KeyWatch::begin() {
  watch_ = port_.watch(name_, [weak = weak_from_this()](std::uint64_t version) {
    if (const auto self = weak.lock()) self->heard(version);
  });
  read();
}

void KeyWatch::heard(std::uint64_t version) {
  newest_ = std::max(newest_, version);
  if (!reading_ && (!sent_ || newest_ > *sent_)) read();
}

void KeyWatch::read() {
  reading_ = true;
  port_.run({0, port_.draw_request(), directory::Operation::Get, name_, 0, {}, false},
            [weak = weak_from_this()](const Answer& answer) {
              if (const auto self = weak.lock()) self->have(answer);
            });
}

void KeyWatch::have(const Answer& answer) {
  reading_ = false;
  const auto sink = sink_.lock();
  if (sink == nullptr) return;
  if (answer.outcome == Outcome::Refused) return sink->end();
  if (answer.outcome == Outcome::Ok && (!sent_ || answer.version > *sent_)) {
    sent_ = answer.version;
    const auto record = record_json(name_, answer.version, answer.exists, answer.value);
    sink->send(fmt::format("id: {}\ndata: {}\n\n", answer.version, record.dump()));
  }
  // Without an answer it took a while to find out; the next try takes as long.
  if (!sent_ || newest_ > *sent_) read();
}

}  // namespace dart::api
