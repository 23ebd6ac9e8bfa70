#include "runtime/ring/record_client.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace dart::runtime {

void RecordClient::run(directory::Command command, Done done) {
  command.tag = next_++;
  running_.emplace(command.tag, std::move(done));
  feed_(std::move(command));
}

void RecordClient::list(directory::ListNames list, ListDone done) {
  list.tag = next_++;
  listing_.emplace(list.tag, std::move(done));
  feed_(std::move(list));
}

void RecordClient::reform(ReformDone done) {
  reforming_.emplace(next_, std::move(done));
  feed_(directory::Reform{next_++});
}

void RecordClient::put_soft(directory::soft::PutSoft put, SoftDone done) {
  put.tag = next_++;
  soft_.emplace(put.tag, std::move(done));
  feed_(std::move(put));
}

void RecordClient::get_soft(directory::soft::GetSoft get, SoftDone done) {
  get.tag = next_++;
  soft_.emplace(get.tag, std::move(done));
  feed_(std::move(get));
}

void RecordClient::on(const directory::soft::Done& done) {
  auto found = soft_.extract(done.tag);
  if (!found.empty()) found.mapped()(done);
}

std::uint64_t RecordClient::watch(const std::string& name, Changed changed) {
  watches_.emplace(next_, Watch{name, std::move(changed)});
  feed_(directory::StartWatch{name});
  return next_++;
}

void RecordClient::unwatch(std::uint64_t watch) {
  const auto found = watches_.find(watch);
  if (found == watches_.end()) return;
  const std::string name = std::move(found->second.name);
  watches_.erase(found);
  const bool others =
      std::any_of(watches_.begin(), watches_.end(), [&](const auto& one) { return one.second.name == name; });
  if (!others) feed_(directory::StopWatch{name});
}

void RecordClient::on(const directory::Completed& completed) {
  auto found = running_.extract(completed.tag);
  if (!found.empty()) found.mapped()(completed.answer);
}

void RecordClient::on(const directory::Listed& listed) {
  auto found = listing_.extract(listed.tag);
  if (!found.empty()) found.mapped()(listed);
}

void RecordClient::on(const directory::Reformed& reformed) {
  auto found = reforming_.extract(reformed.tag);
  if (!found.empty()) found.mapped()(reformed);
}

void RecordClient::on(const directory::Changed& changed) {
  // One of those that are told may end a watch.
  std::vector<std::uint64_t> told;
  for (const auto& [id, watch] : watches_) {
    if (watch.name == changed.name) told.push_back(id);
  }
  for (const std::uint64_t id : told) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) continue;
    const Changed call = found->second.changed;
    call(changed.version);
  }
}

}  // namespace dart::runtime
