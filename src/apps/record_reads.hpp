#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/keys_port.hpp"
#include "api/queries_port.hpp"

namespace dart::apps {

/// Why an operation on a record did not end well.
[[nodiscard]] api::QueryFailure failure_of(const directory::Answer& answer);

/// Reads one record. A record that is not there is an answer, too.
void read_record(api::KeysPort& keys, const std::string& name,
                 std::function<void(api::QueryResult<directory::Answer>)> done);
/// Reads several, some at a time; the answers in the order of the names. The first failure ends it.
void read_records(api::KeysPort& keys, std::vector<std::string> names,
                  std::function<void(api::QueryResult<std::vector<directory::Answer>>)> done);
/// All names that begin with `prefix`, in the order of bytes.
void list_names(api::KeysPort& keys, const std::string& prefix,
                std::function<void(api::QueryResult<std::vector<std::string>>)> done);
/// Writes a record if it still has the version `expected`; without a value: deletes it. False: it has another
/// version.
void write_record(api::KeysPort& keys, const std::string& name, std::uint64_t expected,
                  const std::optional<std::string>& value, std::function<void(api::QueryResult<bool>)> done);

}  // namespace dart::apps
