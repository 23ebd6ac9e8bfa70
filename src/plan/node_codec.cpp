#include "plan/node_codec.hpp"

#include <utility>

#include "plan/expression_codec.hpp"

namespace dart::plan::wire {

namespace {

/// Bytes name operators by these numbers; a number is never given to another one.
enum class Tag : std::uint8_t {
  Scan,
  Filter,
  Project,
  WindowAssign,
  Sliding,
  CountWindow,
  Aggregate,
  TopN,
  Over,
  Join,
  UnionAll,
  Expand,
  Limit,
  Emit,
  Sink,
};

void write_values(const std::vector<columnar::Value>& values, ByteWriter& out) {
  out.varint(values.size());
  for (const columnar::Value& value : values) write_value(value, out);
}

Result<std::vector<columnar::Value>> read_values(ByteReader& in) {
  DART_TRY(const std::size_t count, in.count());
  std::vector<columnar::Value> values;
  for (std::size_t i = 0; i < count; ++i) {
    DART_TRY(columnar::Value value, read_value(in));
    values.push_back(std::move(value));
  }
  return values;
}

void write_order(const std::vector<SortKey>& order, ByteWriter& out) {
  out.varint(order.size());
  for (const SortKey& key : order) {
    out.varint(key.column);
    write_bool(key.descending, out);
    write_bool(key.nulls_first, out);
  }
}

Result<std::vector<SortKey>> read_order(ByteReader& in) {
  DART_TRY(const std::size_t count, in.count());
  std::vector<SortKey> order;
  for (std::size_t i = 0; i < count; ++i) {
    SortKey key;
    DART_TRY(key.column, read_u32(in));
    DART_TRY(key.descending, read_bool(in));
    DART_TRY(key.nulls_first, read_bool(in));
    order.push_back(key);
  }
  return order;
}

void write_window(const WindowAssign& window, ByteWriter& out) {
  out.varint(window.time_column);
  out.fixed(window.size_us);
  out.fixed(window.slide_us);
}

Result<WindowAssign> read_window(ByteReader& in) {
  WindowAssign window;
  DART_TRY(window.time_column, read_u32(in));
  DART_TRY(window.size_us, in.fixed<std::int64_t>());
  DART_TRY(window.slide_us, in.fixed<std::int64_t>());
  return window;
}

Result<EmitPolicy> read_policy(ByteReader& in) {
  return read_enum<EmitPolicy>(in, static_cast<std::uint8_t>(EmitPolicy::AtEnd) + 1);
}

/// What AggregateCall and OverCall have in common.
template <class Call>
void write_call(const Call& call, ByteWriter& out) {
  out.text(call.name);
  write_columns(call.arguments, out);
  write_values(call.direct, out);
  write_optional(call.filter, out);
  write_bool(call.distinct, out);
}

template <class Call>
Result<Call> read_call(ByteReader& in) {
  Call call;
  DART_TRY(const std::string_view name, in.text());
  call.name = std::string(name);
  DART_TRY(call.arguments, read_columns(in));
  DART_TRY(call.direct, read_values(in));
  DART_TRY(call.filter, read_optional(in));
  DART_TRY(call.distinct, read_bool(in));
  return call;
}

/// One overload a kind: the tag, then its fields in the order of plan.hpp.
struct Writer {
  ByteWriter& out;

  void tag(Tag value) const { write_enum(value, out); }
  void operator()(const Scan& scan) const {
    tag(Tag::Scan);
    out.varint(scan.table);
    write_columns(scan.columns, out);
  }
  void operator()(const Filter& filter) const {
    tag(Tag::Filter);
    write_expressions(filter.conjuncts, out);
  }
  void operator()(const Project& project) const {
    tag(Tag::Project);
    write_expressions(project.expressions, out);
  }
  void operator()(const WindowAssign& window) const {
    tag(Tag::WindowAssign);
    write_window(window, out);
  }
  void operator()(const Sliding& sliding) const {
    tag(Tag::Sliding);
    out.varint(sliding.time_column);
    out.fixed(sliding.size_us);
  }
  void operator()(const CountWindow& window) const {
    tag(Tag::CountWindow);
    out.fixed(window.rows);
    write_columns(window.keys, out);
  }
  void operator()(const Aggregate& aggregate) const {
    tag(Tag::Aggregate);
    write_columns(aggregate.keys, out);
    out.varint(aggregate.calls.size());
    for (const AggregateCall& call : aggregate.calls) {
      write_call(call, out);
      write_optional(call.position, out);
    }
    write_enum(aggregate.emit, out);
    write_bool(aggregate.window.has_value(), out);
    if (aggregate.window) write_window(*aggregate.window, out);
    write_bool(aggregate.per_block, out);
    write_optional(aggregate.expires_by_key, out);
    write_enum(aggregate.phase, out);
  }
  void operator()(const TopN& top) const {
    tag(Tag::TopN);
    write_columns(top.partition, out);
    write_order(top.order, out);
    out.fixed(top.offset);
    out.fixed(top.limit);
    write_bool(top.with_rank, out);
    write_enum(top.emit, out);
    write_optional(top.expires_by_key, out);
  }
  void operator()(const Over& over) const {
    tag(Tag::Over);
    write_columns(over.partition, out);
    out.varint(over.order);
    write_bool(over.peers, out);
    out.varint(over.calls.size());
    for (const OverCall& call : over.calls) {
      write_call(call, out);
      write_enum(call.frame.unit, out);
      write_bool(call.frame.preceding.has_value(), out);
      if (call.frame.preceding) out.fixed(*call.frame.preceding);
    }
  }
  void operator()(const Join& join) const {
    tag(Tag::Join);
    write_enum(join.kind, out);
    write_columns(join.left_keys, out);
    write_columns(join.right_keys, out);
    write_expressions(join.conditions, out);
    write_optional(join.expires_by_key, out);
    write_enum(join.emit, out);
  }
  void operator()(const UnionAll&) const { tag(Tag::UnionAll); }
  void operator()(const Expand& expand) const {
    tag(Tag::Expand);
    out.varint(expand.lists.size());
    for (const std::vector<ExpressionPtr>& list : expand.lists) write_expressions(list, out);
  }
  void operator()(const Limit& limit) const {
    tag(Tag::Limit);
    out.fixed(limit.offset);
    out.fixed(limit.limit);
  }
  void operator()(const Emit& emit) const {
    tag(Tag::Emit);
    write_enum(emit.mode, out);
    write_columns(emit.ignored, out);
    write_order(emit.order, out);
  }
  void operator()(const Sink& sink) const {
    tag(Tag::Sink);
    out.varint(sink.table);
  }
};

Result<NodeKind> read_scan(ByteReader& in) {
  Scan scan;
  DART_TRY(scan.table, read_u32(in));
  DART_TRY(scan.columns, read_columns(in));
  return scan;
}

Result<NodeKind> read_sliding(ByteReader& in) {
  Sliding sliding;
  DART_TRY(sliding.time_column, read_u32(in));
  DART_TRY(sliding.size_us, in.fixed<std::int64_t>());
  return sliding;
}

Result<NodeKind> read_count_window(ByteReader& in) {
  CountWindow window;
  DART_TRY(window.rows, in.fixed<std::int64_t>());
  DART_TRY(window.keys, read_columns(in));
  return window;
}

Result<NodeKind> read_aggregate(ByteReader& in) {
  Aggregate aggregate;
  DART_TRY(aggregate.keys, read_columns(in));
  DART_TRY(const std::size_t calls, in.count());
  for (std::size_t i = 0; i < calls; ++i) {
    DART_TRY(AggregateCall call, read_call<AggregateCall>(in));
    DART_TRY(call.position, read_optional(in));
    aggregate.calls.push_back(std::move(call));
  }
  DART_TRY(aggregate.emit, read_policy(in));
  DART_TRY(const bool windowed, read_bool(in));
  if (windowed) {
    DART_TRY(aggregate.window, read_window(in));
  }
  DART_TRY(aggregate.per_block, read_bool(in));
  DART_TRY(aggregate.expires_by_key, read_optional(in));
  DART_TRY(aggregate.phase,
           read_enum<AggregatePhase>(in, static_cast<std::uint8_t>(AggregatePhase::Final) + 1));
  return aggregate;
}

Result<NodeKind> read_top(ByteReader& in) {
  TopN top;
  DART_TRY(top.partition, read_columns(in));
  DART_TRY(top.order, read_order(in));
  DART_TRY(top.offset, in.fixed<std::int64_t>());
  DART_TRY(top.limit, in.fixed<std::int64_t>());
  DART_TRY(top.with_rank, read_bool(in));
  DART_TRY(top.emit, read_policy(in));
  DART_TRY(top.expires_by_key, read_optional(in));
  return top;
}

Result<NodeKind> read_over(ByteReader& in) {
  Over over;
  DART_TRY(over.partition, read_columns(in));
  DART_TRY(over.order, read_u32(in));
  DART_TRY(over.peers, read_bool(in));
  DART_TRY(const std::size_t calls, in.count());
  for (std::size_t i = 0; i < calls; ++i) {
    DART_TRY(OverCall call, read_call<OverCall>(in));
    DART_TRY(call.frame.unit, read_enum<Frame::Unit>(in, static_cast<std::uint8_t>(Frame::Unit::Range) + 1));
    DART_TRY(const bool preceding, read_bool(in));
    if (preceding) {
      DART_TRY(call.frame.preceding, in.fixed<std::int64_t>());
    }
    over.calls.push_back(std::move(call));
  }
  return over;
}

Result<NodeKind> read_join(ByteReader& in) {
  Join join;
  DART_TRY(join.kind, read_enum<JoinKind>(in, static_cast<std::uint8_t>(JoinKind::Left) + 1));
  DART_TRY(join.left_keys, read_columns(in));
  DART_TRY(join.right_keys, read_columns(in));
  DART_TRY(join.conditions, read_expressions(in));
  DART_TRY(join.expires_by_key, read_optional(in));
  DART_TRY(join.emit, read_policy(in));
  return join;
}

Result<NodeKind> read_expand(ByteReader& in) {
  Expand expand;
  DART_TRY(const std::size_t lists, in.count());
  for (std::size_t i = 0; i < lists; ++i) {
    DART_TRY(std::vector<ExpressionPtr> list, read_expressions(in));
    expand.lists.push_back(std::move(list));
  }
  return expand;
}

Result<NodeKind> read_limit(ByteReader& in) {
  Limit limit;
  DART_TRY(limit.offset, in.fixed<std::int64_t>());
  DART_TRY(limit.limit, in.fixed<std::int64_t>());
  return limit;
}

Result<NodeKind> read_emit(ByteReader& in) {
  Emit emit;
  DART_TRY(emit.mode, read_enum<EmitMode>(in, static_cast<std::uint8_t>(EmitMode::Final) + 1));
  DART_TRY(emit.ignored, read_columns(in));
  DART_TRY(emit.order, read_order(in));
  return emit;
}

}  // namespace

void write_kind(const NodeKind& kind, ByteWriter& out) { std::visit(Writer{out}, kind); }

Result<NodeKind> read_kind(ByteReader& in) {
  DART_TRY(const Tag tag, read_enum<Tag>(in, static_cast<std::uint8_t>(Tag::Sink) + 1));
  switch (tag) {
    case Tag::Scan:
      return read_scan(in);
    case Tag::Filter: {
      DART_TRY(std::vector<ExpressionPtr> conjuncts, read_expressions(in));
      return Filter{std::move(conjuncts)};
    }
    case Tag::Project: {
      DART_TRY(std::vector<ExpressionPtr> expressions, read_expressions(in));
      return Project{std::move(expressions)};
    }
    case Tag::WindowAssign: {
      DART_TRY(const WindowAssign window, read_window(in));
      return window;
    }
    case Tag::Sliding:
      return read_sliding(in);
    case Tag::CountWindow:
      return read_count_window(in);
    case Tag::Aggregate:
      return read_aggregate(in);
    case Tag::TopN:
      return read_top(in);
    case Tag::Over:
      return read_over(in);
    case Tag::Join:
      return read_join(in);
    case Tag::UnionAll:
      return UnionAll{};
    case Tag::Expand:
      return read_expand(in);
    case Tag::Limit:
      return read_limit(in);
    case Tag::Emit:
      return read_emit(in);
    case Tag::Sink:
      break;
  }
  DART_TRY(const std::uint32_t table, read_u32(in));
  return Sink{table};
}

}  // namespace dart::plan::wire
