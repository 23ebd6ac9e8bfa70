#pragma once

#include <string>

#include "overlay/wire_reader.hpp"
#include "placement/limits.hpp"
#include "placement/plan_record.hpp"
#include "placement/policy.hpp"

namespace dart::placement::pb {
class Node;
class Candidate;
class Stage;
class Edge;
class Hop;
class InstanceId;
class Placed;
class Spec;
class Load;
}  // namespace dart::placement::pb

namespace dart::placement {

/// Values that messages and records have in common, to and from the wire. Readers note what is wrong and go
/// on.
void write(pb::Node& out, const overlay::NodeHandle& node);
[[nodiscard]] overlay::NodeHandle read(overlay::WireReader& reader, const pb::Node& in);
void write(pb::Load& out, const Load& load);
[[nodiscard]] Load read(overlay::WireReader& reader, const pb::Load& in);
[[nodiscard]] Candidate read(overlay::WireReader& reader, const pb::Candidate& in);
[[nodiscard]] StageShape read(overlay::WireReader& reader, const pb::Stage& in);
[[nodiscard]] EdgeShape read(overlay::WireReader& reader, const pb::Edge& in);
void write(pb::Hop& out, const Hop& hop);
[[nodiscard]] Hop read(overlay::WireReader& reader, const pb::Hop& in);
void write(pb::InstanceId& out, const InstanceId& id);
[[nodiscard]] InstanceId read(overlay::WireReader& reader, const pb::InstanceId& in);
void write(pb::Placed& out, const Placed& placed);
[[nodiscard]] Placed read(overlay::WireReader& reader, const pb::Placed& in);
void write(pb::Spec& out, const QuerySpec& spec);
[[nodiscard]] QuerySpec read(overlay::WireReader& reader, const pb::Spec& in);
/// A name of 1 to limits::kNameBytes bytes.
[[nodiscard]] std::string read_name(overlay::WireReader& reader, const std::string& name);

/// A repeated field as a list of at most `most` values.
template <class Value, class List>
[[nodiscard]] std::vector<Value> read_list(overlay::WireReader& reader, const List& in, std::size_t most) {
  std::vector<Value> values;
  reader.expect(static_cast<std::size_t>(in.size()) <= most, "a list is too long");
  if (reader.wrong != nullptr) return values;
  values.reserve(static_cast<std::size_t>(in.size()));
  for (const auto& one : in) values.push_back(read(reader, one));
  return values;
}

}  // namespace dart::placement
