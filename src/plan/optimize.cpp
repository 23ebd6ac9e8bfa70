#include "plan/optimize.hpp"

#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan {

namespace {

using Rule = bool (*)(Plan&);

/// Tried in this order until none finds anything; each only makes a plan smaller or moves work one way.
constexpr Rule kRules[] = {
    rewrite::drop_idle,    rewrite::find_join_keys, rewrite::merge_projects, rewrite::push_filters,
    rewrite::lift_windows, rewrite::fuse_windows,   rewrite::defer_projects,
};

/// Far more rounds than any sensible query needs; whatever is left then is correct, only slower.
constexpr int kRounds = 100;

bool apply_rules(Plan& plan) {
  bool any = false;
  for (int round = 0; round < kRounds; ++round) {
    bool changed = false;
    for (const Rule rule : kRules) changed = rule(plan) || changed;
    rewrite::drop_unread(plan);
    if (!changed) break;
    any = true;
  }
  return any;
}

}  // namespace

Plan optimize(Plan plan) {
  rewrite::drop_unread(plan);
  rewrite::mark_flags(plan);
  rewrite::share_scans(plan);
  rewrite::share_nodes(plan);
  rewrite::drop_unread(plan);
  rewrite::mark_flags(plan);
  for (int round = 0; round < kRounds; ++round) {
    bool changed = apply_rules(plan);
    changed = rewrite::prune_columns(plan) || changed;
    changed = rewrite::share_nodes(plan) || changed;
    rewrite::drop_unread(plan);
    if (!changed) break;
  }
  rewrite::emit_at_end(plan);
  rewrite::mark_flags(plan);
  rewrite::drop_idle(plan);
  rewrite::mark_flags(plan);
  rewrite::bind_aggregates(plan);
  plan.check_invariants();
  return plan;
}

}  // namespace dart::plan
