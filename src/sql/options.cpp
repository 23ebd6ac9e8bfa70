#include "sql/options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "columnar/text_form.hpp"
#include "sql/names.hpp"

namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!name.empty() && (name.front() == ' ' || name.front() == '\n')) name.remove_prefix(1);
    while (!name.empty() && (name.back() == ' ' || name.back() == '\n')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

Result<OptionList> OptionList::read(const Tree& options, std::string what) {
  OptionList list;
  list.what_ = std::move(what);
  for (const Tree& tree : options.items) {
    Option option;
    option.name = tree.string("defname");
    option.offset = tree.offset();
    if (tree["defnamespace"].present()) option.name = tree.string("defnamespace") + "." + option.name;
    const Tree& argument = tree["arg"];
    if (argument.is("String")) {
      option.text = argument.string("sval");
    } else if (argument.is("Integer")) {
      option.text = fmt::format("{}", argument["ival"].number);
    } else if (argument.is("Float")) {
      option.text = argument.string("fval");
    } else if (argument.is("TypeName")) {
      option.text = last_name(argument["names"]);
    } else if (!argument.present()) {
      option.given = false;
    } else {
      return fail(ErrorCode::Syntax,
                  fmt::format("option \"{}\" needs a number, a word or a quoted text", option.name),
                  option.offset);
    }
    if (list.has(option.name)) {
      return fail(ErrorCode::Binding, fmt::format("option \"{}\" is given twice", option.name),
                  option.offset);
    }
    list.options_.push_back(std::move(option));
  }
  return list;
}

const OptionList::Option* OptionList::find(std::string_view name) const {
  const auto found =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  return found == options_.end() ? nullptr : &*found;
}

OptionList::Option* OptionList::take_option(std::string_view name) {
  const auto found =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  if (found == options_.end()) return nullptr;
  found->taken = true;
  return &*found;
}

std::uint32_t OptionList::offset(std::string_view name) const {
  const Option* option = find(name);
  return option == nullptr ? 0 : option->offset;
}

Result<std::optional<std::string>> OptionList::take_text(std::string_view name) {
  const Option* option = take_option(name);
  if (option == nullptr) return std::nullopt;
  if (option->given) return option->text;
  return fail(ErrorCode::Binding, fmt::format("option \"{}\" needs a value", name), option->offset);
}

Result<std::optional<std::int64_t>> OptionList::take_interval(std::string_view name) {
  DART_TRY(const std::optional<Value> value, take({std::string(name), TypeId::Interval, false, {}, {}}));
  if (!value) return std::nullopt;
  if (value->bigint() < 0) {
    return fail(ErrorCode::Binding, fmt::format("option \"{}\" must not be negative", name), offset(name));
  }
  return value->bigint();
}

Result<std::optional<Value>> OptionList::take(const plan::OptionSpec& spec) {
  const Option* option = take_option(spec.name);
  if (option == nullptr) return std::nullopt;
  if (!option->given) {
    if (spec.type == TypeId::Bool) return Value::boolean(true);
    return fail(ErrorCode::Binding, fmt::format("option \"{}\" needs a value", spec.name), option->offset);
  }
  // Null: a text whose meaning the connector knows.
  const TypeId type = spec.type == TypeId::Null ? TypeId::Text : spec.type;
  auto value = columnar::parse_value(option->text, LogicalType::of(type));
  if (!value) {
    Error error = std::move(value).error();
    error.message = fmt::format("option \"{}\": {}", spec.name, error.message);
    error.offset = option->offset;
    return tl::unexpected<Error>(std::move(error));
  }
  const bool chosen = spec.choices.empty() ||
                      std::find(spec.choices.begin(), spec.choices.end(), option->text) != spec.choices.end();
  if (chosen) return *value;
  return fail(ErrorCode::Binding, fmt::format("option \"{}\" cannot be '{}'", spec.name, option->text),
              option->offset, fmt::format("it is one of: {}", fmt::join(spec.choices, ", ")));
}

std::vector<std::string> OptionList::names_like(std::string_view pattern) const {
  const std::string_view suffix = pattern.substr(1);
  std::vector<std::string> names;
  for (const Option& option : options_) {
    if (option.name.size() > suffix.size() && option.name.ends_with(suffix)) names.push_back(option.name);
  }
  return names;
}

Status OptionList::refuse_rest(const std::vector<std::string_view>& known) const {
  for (const Option& option : options_) {
    if (option.taken) continue;
    std::string hint = did_you_mean(option.name, known);
    if (hint.empty() && !known.empty()) hint = fmt::format("known are: {}", fmt::join(known, ", "));
    return fail(ErrorCode::Binding, fmt::format("{} has no option \"{}\"", what_, option.name), option.offset,
                std::move(hint));
  }
  return {};
}

}  // namespace dart::sql
