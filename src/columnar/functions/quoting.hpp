#pragma once

#include <string>
#include <string_view>

namespace dart::columnar {

/// 'text' with quotes doubled; E'...' when there is a backslash.
void append_quoted_literal(std::string_view text, std::string& out);
/// The text itself when it is a plain name and no reserved word, otherwise in double quotes.
void append_quoted_identifier(std::string_view text, std::string& out);

}  // namespace dart::columnar
