#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "placement/plan_record.hpp"

namespace dart::placement {

/// The name of a query's firm record, and of all of them the beginning.
inline constexpr std::string_view kQueryPrefix = "query/";
/// Of the records that say which queries read at nodes with a label: "bind/k=v/NAME".
inline constexpr std::string_view kBindPrefix = "bind/";
[[nodiscard]] std::string record_name(std::string_view query);
/// Who is the root of this key schedules the query.
[[nodiscard]] Key query_key(std::string_view query);
/// The same for a query that is only explained ("NAME?").
[[nodiscard]] Key query_key_of(const std::string& name);

/// The value of a query's record (protobuf, wire/placement.proto).
[[nodiscard]] std::string encode(const QueryRecord& record);
/// Of any bytes from anywhere; an Error for what is no record or breaks a limit.
[[nodiscard]] Result<QueryRecord> decode_record(std::string_view bytes);

}  // namespace dart::placement
