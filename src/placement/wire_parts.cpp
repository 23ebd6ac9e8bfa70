#include "placement/wire_parts.hpp"

#include <algorithm>
#include <cmath>

#include <placement/placement.pb.h>

namespace dart::placement {

namespace {

using overlay::id_bytes;
using overlay::read_enum;
using overlay::read_id;
using overlay::WireReader;

void write(pb::Candidate& out, const Candidate& candidate) {
  placement::write(*out.mutable_node(), candidate.node);
  auto& place = *out.mutable_coordinate();
  place.set_x(candidate.coordinate.x);
  place.set_y(candidate.coordinate.y);
  place.set_z(candidate.coordinate.z);
  place.set_height(candidate.coordinate.height);
  place.set_error(candidate.coordinate.error);
  placement::write(*out.mutable_load(), candidate.load);
}

double read_rate(WireReader& reader, double value) {
  reader.expect(std::isfinite(value) && value >= 0, "a rate is no number");
  return value;
}

}  // namespace

Candidate read(WireReader& reader, const pb::Candidate& in) {
  Candidate candidate{read(reader, in.node()), {}, read(reader, in.load())};
  const auto& place = in.coordinate();
  candidate.coordinate = {place.x(), place.y(), place.z(), place.height(), place.error()};
  reader.expect(candidate.coordinate.valid(), "a coordinate is out of range");
  return candidate;
}

StageShape read(WireReader& reader, const pb::Stage& in) {
  StageShape stage;
  stage.role = read_enum(reader, in.role(), 1, StageRole::Result);
  stage.partitions = in.partitions();
  reader.expect(stage.partitions >= 1 && stage.partitions <= limits::kInstances, "too many partitions");
  reader.expect(in.label().size() <= limits::kLabelBytes, "a label is too long");
  stage.label = in.label();
  stage.nodes = read_list<overlay::NodeHandle>(reader, in.nodes(), limits::kInstances);
  stage.rows_per_s = read_rate(reader, in.rows_per_s());
  stage.bytes_per_row = read_rate(reader, in.bytes_per_row());
  stage.selectivity = read_rate(reader, in.selectivity());
  stage.micros_per_row = read_rate(reader, in.micros_per_row());
  return stage;
}

EdgeShape read(WireReader& reader, const pb::Edge& in) {
  return {in.from(), in.to(), read_enum(reader, in.kind(), 1, EdgeKind::Merge)};
}

std::string read_name(WireReader& reader, const std::string& name) {
  reader.expect(!name.empty() && name.size() <= limits::kNameBytes, "a name has 1 to 128 bytes");
  return name;
}

void write(pb::Node& out, const overlay::NodeHandle& node) {
  out.set_id(id_bytes(node.id));
  for (const overlay::Endpoint& endpoint : node.endpoints) {
    if (endpoint.empty()) continue;
    auto& where = *out.add_endpoints();
    where.set_address(std::string(endpoint.address.begin(), endpoint.address.end()));
    where.set_port(endpoint.port);
  }
  out.set_incarnation(node.incarnation);
  out.set_nonce(node.nonce);
}

overlay::NodeHandle read(WireReader& reader, const pb::Node& in) {
  overlay::NodeHandle node;
  if (in.id().empty()) return node;
  node.id = read_id(reader, in.id());
  const auto endpoints = static_cast<std::size_t>(in.endpoints_size());
  reader.expect(endpoints <= overlay::limits::kEndpoints, "too many endpoints");
  for (std::size_t e = 0; e < std::min(endpoints, overlay::limits::kEndpoints); ++e) {
    const auto& where = in.endpoints(static_cast<int>(e));
    reader.expect(where.address().size() == 16, "an address has 16 bytes");
    reader.expect(where.port() > 0 && where.port() <= 0xFFFF, "a port is out of range");
    if (where.address().size() != 16) continue;
    std::copy(where.address().begin(), where.address().end(), node.endpoints[e].address.begin());
    node.endpoints[e].port = static_cast<std::uint16_t>(where.port());
  }
  node.incarnation = in.incarnation();
  node.nonce = in.nonce();
  return node;
}

void write(pb::Load& out, const Load& load) {
  out.set_cpu_permille(load.cpu_permille);
  out.set_queue_rows(load.queue_rows);
  out.set_instances(load.instances);
  out.set_capacity(load.capacity);
  out.set_free_bytes(load.free_bytes);
}

Load read(WireReader&, const pb::Load& in) {
  return {in.cpu_permille(), in.queue_rows(), in.instances(), in.capacity(), in.free_bytes()};
}

void write(pb::Hop& out, const Hop& hop) {
  write(*out.mutable_self(), hop.self);
  for (const Candidate& leaf : hop.leaves) write(*out.add_leaves(), leaf);
}

Hop read(WireReader& reader, const pb::Hop& in) {
  return {read(reader, in.self()), read_list<Candidate>(reader, in.leaves(), limits::kProposed)};
}

void write(pb::InstanceId& out, const InstanceId& id) {
  out.set_stage(id.stage);
  out.set_number(id.number);
}

InstanceId read(WireReader& reader, const pb::InstanceId& in) {
  reader.expect(in.stage() < limits::kStages && in.number() < limits::kInstances,
                "an instance is out of range");
  return {in.stage(), in.number()};
}

void write(pb::Placed& out, const Placed& placed) {
  write(*out.mutable_id(), placed.id);
  write(*out.mutable_host(), placed.host);
  for (const InstanceId& to : placed.to) write(*out.add_to(), to);
  out.set_away(placed.away);
}

Placed read(WireReader& reader, const pb::Placed& in) {
  return {read(reader, in.id()), read(reader, in.host()),
          read_list<InstanceId>(reader, in.to(), limits::kInstances), in.away()};
}

void write(pb::Spec& out, const QuerySpec& spec) {
  out.set_name(spec.name);
  out.set_text(spec.text);
  out.set_program(spec.program);
  for (const StageShape& stage : spec.stages) {
    auto& to = *out.add_stages();
    to.set_role(static_cast<std::uint32_t>(stage.role));
    to.set_partitions(stage.partitions);
    to.set_label(stage.label);
    for (const auto& node : stage.nodes) write(*to.add_nodes(), node);
    to.set_rows_per_s(stage.rows_per_s);
    to.set_bytes_per_row(stage.bytes_per_row);
    to.set_selectivity(stage.selectivity);
    to.set_micros_per_row(stage.micros_per_row);
  }
  for (const EdgeShape& edge : spec.edges) {
    auto& to = *out.add_edges();
    to.set_from(edge.from);
    to.set_to(edge.to);
    to.set_kind(static_cast<std::uint32_t>(edge.kind));
  }
  out.set_policy(spec.policy);
  out.set_on_partition(static_cast<std::uint32_t>(spec.on_partition));
}

QuerySpec read(WireReader& reader, const pb::Spec& in) {
  QuerySpec spec;
  spec.name = read_name(reader, in.name());
  reader.expect(in.text().size() + in.program().size() <= limits::kSpecBytes, "a query is too long");
  spec.text = in.text();
  spec.program = in.program();
  spec.stages = read_list<StageShape>(reader, in.stages(), limits::kStages);
  spec.edges = read_list<EdgeShape>(reader, in.edges(), limits::kEdges);
  reader.expect(!spec.stages.empty(), "a query has a stage");
  for (const EdgeShape& edge : spec.edges) {
    reader.expect(edge.from < edge.to && edge.to < spec.stages.size(), "an edge leads to an earlier stage");
  }
  reader.expect(in.policy().size() <= limits::kNameBytes, "a policy is too long");
  spec.policy = in.policy();
  spec.on_partition = read_enum(reader, in.on_partition(), 1, OnPartition::Pause);
  return spec;
}

}  // namespace dart::placement
