#include "sql/parse.hpp"

#include <fmt/format.h>
#include <pg_query.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/limits.hpp"
#include "sql/syntax_hint.hpp"

namespace dart::sql {
namespace {

namespace json = simdjson::dom;

struct FreeParseResult {
  void operator()(PgQueryParseResult* result) const {
    pg_query_free_parse_result(*result);
    delete result;
  }
};

/// libpg_query counts characters from 1 in its errors; everything else counts bytes from 0.
std::uint32_t byte_offset(std::string_view text, int cursor) {
  std::size_t at = 0;
  for (int character = 1; character < cursor && at < text.size(); ++character) {
    do {
      ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
  }
  return static_cast<std::uint32_t>(at);
}

/// Turns the JSON into trees.
class TreeReader {
 public:
  explicit TreeReader(const Substituted& script) : script_(script) {}

  // NOLINTNEXTLINE(misc-no-recursion): as deep as the JSON parser lets it be
  Tree read(json::element element) {
    Tree tree;
    switch (element.type()) {
      case json::element_type::OBJECT:
        return read_object(json::object(element));
      case json::element_type::ARRAY:
        tree.form = Tree::Form::List;
        for (const json::element item : json::array(element)) tree.items.push_back(read(item));
        break;
      case json::element_type::STRING:
        tree.form = Tree::Form::Text;
        tree.text = std::string_view(element);
        break;
      case json::element_type::INT64:
        tree.form = Tree::Form::Number;
        tree.number = std::int64_t(element);
        break;
      case json::element_type::BOOL:
        tree.form = Tree::Form::Flag;
        tree.number = bool(element) ? 1 : 0;
        break;
      default:
        break;
    }
    return tree;
  }

 private:
  static bool is_wrapper(const json::object& object) {
    auto it = object.begin();
    if (it == object.end()) return false;
    const std::string_view key = it.key();
    const bool is_node = !key.empty() && key.front() >= 'A' && key.front() <= 'Z' && it.value().is_object();
    return is_node && ++it == object.end();
  }
  Tree read_object(json::object object) {
    Tree tree;
    tree.form = Tree::Form::Record;
    if (is_wrapper(object)) {
      tree.kind = object.begin().key();
      object = json::object(object.begin().value());
    }
    std::optional<std::uint32_t> parsed_at;
    for (const json::key_value_pair field : object) {
      Tree value = read(field.value);
      if (field.key == "location" && value.number >= 0) {
        parsed_at = static_cast<std::uint32_t>(value.number);
        value.number = script_.original(*parsed_at);
      }
      tree.fields.push_back({std::string(field.key), std::move(value)});
    }
    if (parsed_at) restore_negative(tree, *parsed_at);
    return tree;
  }
  /// libpg_query 15 leaves negative integers out of its JSON, as it does zeros: they are read again from the
  /// text.
  void restore_negative(Tree& tree, std::uint32_t offset) const {
    for (auto& [name, field] : tree.fields) {
      const bool constant = tree.is("A_Const") && name == "ival";
      const bool option = tree.is("DefElem") && name == "arg" && field.is("Integer");
      if ((!constant && !option) || field["ival"].present()) continue;
      std::string_view rest =
          std::string_view(script_.text).substr(std::min<std::size_t>(offset, script_.text.size()));
      if (option) rest.remove_prefix(std::min(rest.find('='), rest.size()));
      const std::size_t digits = rest.find_first_of("0123456789");
      if (digits == std::string_view::npos) continue;
      std::int64_t number = 0;
      std::from_chars(rest.data() + digits, rest.data() + rest.size(), number);
      Tree value;
      value.form = Tree::Form::Number;
      value.number = rest.substr(0, digits).find('-') == std::string_view::npos ? number : -number;
      field.fields.push_back({"ival", std::move(value)});
    }
  }

  const Substituted& script_;
};

Error syntax_error(const PgQueryError& error, const Substituted& script) {
  const std::uint32_t offset = byte_offset(script.text, error.cursorpos);
  return {ErrorCode::Syntax, error.message, script.original(offset), syntax_hint(script.text, offset)};
}

}  // namespace

Result<Substituted> read_script(std::string_view text, const std::map<std::string, std::string>& variables) {
  if (text.size() > limits::kSqlBytes) {
    return fail(ErrorCode::Capacity, fmt::format("a script has at most {} bytes", limits::kSqlBytes));
  }
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return fail(ErrorCode::Syntax, "the text holds a zero byte", static_cast<std::uint32_t>(zero));
  }
  return substitute_variables(text, variables);
}

Result<std::vector<Statement>> parse(const Substituted& script) {
  const std::unique_ptr<PgQueryParseResult, FreeParseResult> parsed(
      new PgQueryParseResult(pg_query_parse(script.text.c_str())));
  if (parsed->error != nullptr) return tl::unexpected<Error>(syntax_error(*parsed->error, script));
  json::parser parser;
  json::element root;
  const simdjson::padded_string text(std::string_view(parsed->parse_tree));
  if (const auto error = parser.parse(text).get(root); error == simdjson::DEPTH_ERROR) {
    return fail(ErrorCode::Capacity, "an expression or a sub-query is nested too deeply");
  } else if (error != simdjson::SUCCESS) {
    return fail(ErrorCode::Syntax,
                fmt::format("the text cannot be read ({})", simdjson::error_message(error)));
  }
  std::vector<Statement> statements;
  const Tree tree = TreeReader(script).read(root);
  for (const Tree& statement : tree["stmts"].items) {
    const auto begin =
        std::min(static_cast<std::size_t>(statement["stmt_location"].number), script.text.size());
    // The last one may have no length: it goes on to the end.
    const auto length = static_cast<std::size_t>(statement["stmt_len"].number);
    const std::size_t rest = script.text.size() - begin;
    statements.push_back({statement["stmt"], begin, length == 0 ? rest : std::min(length, rest)});
  }
  return statements;
}

}  // namespace dart::sql
