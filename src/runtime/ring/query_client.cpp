#include "runtime/ring/query_client.hpp"

#include <utility>

namespace dart::runtime {

void QueryClient::request(placement::Request request, Done done) {
  request.tag = next_++;
  running_.emplace(request.tag, std::move(done));
  feed_(std::move(request));
}

std::shared_ptr<void> QueryClient::listen(Heard heard) {
  auto listener = std::make_shared<Heard>(std::move(heard));
  listeners_.emplace(next_++, listener);
  return listener;
}

void QueryClient::on(const placement::RequestDone& done) {
  auto found = running_.extract(done.tag);
  if (!found.empty()) found.mapped()(done);
}

void QueryClient::on(const placement::QueryEvent& event) {
  for (auto it = listeners_.begin(); it != listeners_.end();) {
    const auto listener = it->second.lock();
    it = listener == nullptr ? listeners_.erase(it) : std::next(it);
    if (listener != nullptr) (*listener)(event);
  }
}

}  // namespace dart::runtime
