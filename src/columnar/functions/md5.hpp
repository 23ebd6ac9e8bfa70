#pragma once

#include <string>
#include <string_view>

namespace dart::columnar {

/// Appends the MD5 hash (RFC 1321) of the bytes as 32 hexadecimal digits. For checks of identity, not for
/// security.
void append_md5(std::string_view bytes, std::string& out);

}  // namespace dart::columnar
