#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dart::columnar {

/// Appends a finite timestamp by a pattern of PostgreSQL's to_char (table 9.27): YYYY, MM, Mon, DD, HH24, MI,
/// SS, US and the others, with FM and TH; text in double quotes and what is no pattern is copied.
void append_formatted_time(std::int64_t us, bool zoned, std::string_view pattern, std::string& out);

}  // namespace dart::columnar
