#include "connectors/option_reader.hpp"

#include <fmt/format.h>

#include "columnar/text_form.hpp"

namespace dart::connectors {

std::optional<std::string> OptionReader::text(std::string_view name) const {
  const columnar::Value* value = plan::find_option(table_.options, name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return value->to_string();
}

Result<std::string> OptionReader::required_text(std::string_view name) const {
  if (auto value = text(name)) return *std::move(value);
  return fail(ErrorCode::InvalidArgument, fmt::format("table \"{}\": connector '{}' needs the option {}",
                                                      table_.name, table_.connector, name));
}

Result<bool> OptionReader::boolean(std::string_view name, bool otherwise) const {
  const auto value = text(name);
  if (!value) return otherwise;
  bool parsed = false;
  if (!columnar::parse_bool(*value, parsed)) return wrong(name, "true or false");
  return parsed;
}

Result<std::optional<std::int64_t>> OptionReader::bigint(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<std::int64_t>{};
  std::int64_t parsed = 0;
  if (!columnar::parse_bigint(*value, parsed)) return wrong(name, "a whole number");
  return parsed;
}

Result<std::optional<double>> OptionReader::real(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<double>{};
  double parsed = 0;
  if (!columnar::parse_double(*value, parsed)) return wrong(name, "a number");
  return parsed;
}

Result<std::optional<std::int64_t>> OptionReader::interval(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<std::int64_t>{};
  const auto parsed = columnar::parse_interval(*value);
  if (!parsed) return wrong(name, "an interval");
  return *parsed;
}

Result<char> OptionReader::character(std::string_view name, char otherwise) const {
  const auto value = text(name);
  if (!value) return otherwise;
  if (*value == "\\t") return '\t';
  if (value->size() != 1 || (*value)[0] == '\n' || (*value)[0] == '\r' || (*value)[0] == '\0') {
    return wrong(name, "a single one-byte character");
  }
  return (*value)[0];
}

tl::unexpected<Error> OptionReader::wrong(std::string_view name, std::string_view wanted) const {
  return fail(ErrorCode::InvalidArgument, fmt::format("table \"{}\": option {} must be {}, not '{}'",
                                                      table_.name, name, wanted, text(name).value_or("")));
}

}  // namespace dart::connectors
