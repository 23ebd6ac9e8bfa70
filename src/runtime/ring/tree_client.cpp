#include "runtime/ring/tree_client.hpp"

#include <utility>

namespace dart::runtime {

namespace tree = directory::tree;

void TreeClient::enter(const std::string& group) { feed_(tree::EnterGroup{tree::group_key(group)}); }

void TreeClient::set_counters(const std::string& group, tree::CounterList counters) {
  feed_(tree::SetValue{tree::group_key(group), tree::Combine::Counters, tree::Value{0, std::move(counters)}});
}

void TreeClient::total(const std::string& group, TotalDone done) {
  asking_[next_] = std::move(done);
  feed_(tree::AskTotal{next_++, tree::group_key(group)});
}

void TreeClient::on(const tree::Totalled& totalled) {
  const auto found = asking_.find(totalled.tag);
  if (found == asking_.end()) return;
  const TotalDone done = std::move(found->second);
  asking_.erase(found);
  done(totalled);
}

void TreeClient::on(const tree::Offered& offered) { feed_(tree::AnswerOffer{offered.ticket, false}); }

}  // namespace dart::runtime
