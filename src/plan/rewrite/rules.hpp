#pragma once

#include "plan/plan.hpp"

/// The rules of optimize(), one file each. Each takes and leaves a plan in topological order with right
/// schemas, and says whether it changed anything; nodes that nobody reads any more may stay behind.
namespace dart::plan::rewrite {

/// Every table is scanned once, for all columns that anybody reads; pickers of columns go above.
bool share_scans(Plan& plan);
/// Nodes that do the same to the same inputs become one (the same view read twice, two sliding windows
/// alike).
bool share_nodes(Plan& plan);
/// A Project over a Project becomes one where no computation is doubled; a Project that only picks columns
/// disappears into a Scan or an Aggregate above or below it; equal expressions below an Aggregate are
/// computed once.
bool merge_projects(Plan& plan);
/// Filters move towards the Scan, in the order of their conjuncts: into Filters, through Projects that need
/// not compute for them, below windows and joins whose added columns they do not read.
bool push_filters(Plan& plan);
/// Equalities between the two sides of a join become its keys.
bool find_join_keys(Plan& plan);
/// Expressions of rows are computed below WindowAssign, once a row and not once a window.
bool lift_windows(Plan& plan);
/// An Aggregate that emits at the close of the windows assigned below it assigns them itself, by panes.
bool fuse_windows(Plan& plan);
/// Columns that a TopN only passes on are computed above it, for the rows that come out.
bool defer_projects(Plan& plan);
/// Operators that do nothing go: Filters of no condition, Emits of what is append-only anyway.
bool drop_idle(Plan& plan);
/// What nobody reads is neither parsed, computed, aggregated nor kept.
bool prune_columns(Plan& plan);
/// Stateful nodes that only Emit Final listens to emit once, at the end of input.
bool emit_at_end(Plan& plan);
/// Sets `weighted`, and `stepped` only where something above needs to know steps.
void mark_flags(Plan& plan);
/// Chooses each aggregate's cheapest state: rows are taken out again only where the input is a changelog.
void bind_aggregates(Plan& plan);

}  // namespace dart::plan::rewrite
