#include "placement/record_codec.hpp"

#include <fmt/format.h>

#include <placement/placement.pb.h>

#include "directory/tree/message.hpp"
#include "placement/wire_parts.hpp"

namespace dart::placement {

using overlay::read_enum;
using overlay::WireReader;

std::string_view name_of(QueryState state) {
  constexpr std::string_view kNames[] = {"", "placing", "running", "paused", "failed", "finished", "dropped"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string record_name(std::string_view query) { return fmt::format("{}{}", kQueryPrefix, query); }

Key query_key(std::string_view query) { return directory::tree::group_key(record_name(query)); }

std::string encode(const QueryRecord& record) {
  pb::Record out;
  write(*out.mutable_spec(), record.spec);
  out.set_epoch(record.epoch);
  out.set_run(record.run);
  out.set_state(static_cast<std::uint32_t>(record.state));
  write(*out.mutable_scheduler(), record.scheduler);
  for (const Placed& placed : record.placed) write(*out.add_placed(), placed);
  for (const HistoryEntry& entry : record.history) {
    auto& to = *out.add_history();
    to.set_at_us(entry.at_us);
    to.set_epoch(entry.epoch);
    to.set_what(entry.what);
  }
  return out.SerializeAsString();
}

Result<QueryRecord> decode_record(std::string_view bytes) {
  pb::Record in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::Data, "the bytes are no record of a query");
  }
  WireReader reader;
  QueryRecord record;
  record.spec = read(reader, in.spec());
  record.epoch = in.epoch();
  record.run = in.run();
  record.state = read_enum(reader, in.state(), 1, QueryState::Dropped);
  record.scheduler = read(reader, in.scheduler());
  record.placed = read_list<Placed>(reader, in.placed(), limits::kInstances);
  reader.expect(static_cast<std::size_t>(in.history_size()) <= limits::kHistory, "a history is too long");
  for (const auto& entry : in.history()) {
    reader.expect(entry.what().size() <= limits::kHistoryBytes, "an entry of a history is too long");
    record.history.push_back({entry.at_us(), entry.epoch(), entry.what()});
  }
  if (reader.wrong != nullptr) return fail(ErrorCode::Data, reader.wrong);
  return record;
}

}  // namespace dart::placement
