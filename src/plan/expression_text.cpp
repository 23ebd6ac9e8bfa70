#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.hpp"
#include "plan/expression.hpp"

namespace dart::plan {

namespace {

using columnar::TypeId;
using Kind = Expression::Kind;

/// PostgreSQL's operator precedence; a higher one binds tighter.
enum class Precedence : int {
  Or,
  And,
  Not,
  Is,
  Comparison,
  Range,  ///< BETWEEN, LIKE
  Operator,
  Additive,
  Multiplicative,
  Power,
  Sign,
  Cast,
  Primary,
};

Precedence tighter(Precedence p) { return static_cast<Precedence>(static_cast<int>(p) + 1); }

struct OperatorForm {
  std::string_view name;
  std::string_view text;  ///< as SQL writes it
  Precedence precedence;
};

constexpr std::array kInfix = {
    OperatorForm{"is distinct from", "IS DISTINCT FROM", Precedence::Is},
    OperatorForm{"is not distinct from", "IS NOT DISTINCT FROM", Precedence::Is},
    OperatorForm{"=", "=", Precedence::Comparison},
    OperatorForm{"<>", "<>", Precedence::Comparison},
    OperatorForm{"<", "<", Precedence::Comparison},
    OperatorForm{"<=", "<=", Precedence::Comparison},
    OperatorForm{">", ">", Precedence::Comparison},
    OperatorForm{">=", ">=", Precedence::Comparison},
    OperatorForm{"~~", "LIKE", Precedence::Range},
    OperatorForm{"!~~", "NOT LIKE", Precedence::Range},
    OperatorForm{"~~*", "ILIKE", Precedence::Range},
    OperatorForm{"!~~*", "NOT ILIKE", Precedence::Range},
    OperatorForm{"+", "+", Precedence::Additive},
    OperatorForm{"-", "-", Precedence::Additive},
    OperatorForm{"*", "*", Precedence::Multiplicative},
    OperatorForm{"/", "/", Precedence::Multiplicative},
    OperatorForm{"%", "%", Precedence::Multiplicative},
    OperatorForm{"^", "^", Precedence::Power},
};

constexpr std::array kPostfix = {
    OperatorForm{"is null", "IS NULL", Precedence::Is},
    OperatorForm{"is not null", "IS NOT NULL", Precedence::Is},
    OperatorForm{"is true", "IS TRUE", Precedence::Is},
    OperatorForm{"is not true", "IS NOT TRUE", Precedence::Is},
    OperatorForm{"is false", "IS FALSE", Precedence::Is},
    OperatorForm{"is not false", "IS NOT FALSE", Precedence::Is},
    OperatorForm{"is unknown", "IS UNKNOWN", Precedence::Is},
    OperatorForm{"is not unknown", "IS NOT UNKNOWN", Precedence::Is},
};

bool is_symbol(std::string_view name) {
  return !name.empty() && name.find_first_not_of("+-*/<>=~!@#%^&|`?") == std::string_view::npos;
}

const OperatorForm* find_form(std::span<const OperatorForm> forms, std::string_view name) {
  const auto found =
      std::find_if(forms.begin(), forms.end(), [&](const OperatorForm& f) { return f.name == name; });
  return found == forms.end() ? nullptr : &*found;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

/// Plain lower-case words stand as they are, other names in double quotes.
std::string identifier(std::string_view name) {
  const bool plain =
      !name.empty() && (name.front() < '0' || name.front() > '9') &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos;
  if (plain) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string literal_text(const columnar::Value& value) {
  if (value.is_null()) return "NULL";
  switch (value.type().id) {
    case TypeId::Bool:
      return value.boolean() ? "true" : "false";
    case TypeId::Int:
    case TypeId::BigInt:
    case TypeId::Numeric:
      return value.to_string();
    case TypeId::Double: {
      const std::string text = value.to_string();
      const bool finite = text.find_first_not_of("0123456789.+-e") == std::string::npos;
      return finite ? text : quoted(text);
    }
    case TypeId::Interval:
      return "INTERVAL " + quoted(value.to_string());
    default:
      return quoted(value.to_string());
  }
}

/// Whether `a` and `b` are `x >= low` and `x <= high` about the same x: BETWEEN as it was written.
bool is_between(const Expression& a, const Expression& b) {
  return a.kind == Kind::Call && b.kind == Kind::Call && a.name == ">=" && b.name == "<=" &&
         a.arguments.size() == 2 && b.arguments.size() == 2 && equal(*a.arguments[0], *b.arguments[0]);
}

class Printer {
 public:
  explicit Printer(std::span<const std::string> names) : names_(names) {}

  void print(const Expression& expression, Precedence least) {
    const Precedence own = precedence(expression);
    const bool wrap = own < least;
    if (wrap) out_.push_back('(');
    print_bare(expression, own);
    if (wrap) out_.push_back(')');
  }
  std::string take() { return std::move(out_); }

 private:
  static Precedence precedence(const Expression& e) {
    switch (e.kind) {
      case Kind::And:
        return e.arguments.size() == 2 && is_between(*e.arguments[0], *e.arguments[1]) ? Precedence::Range
                                                                                       : Precedence::And;
      case Kind::Or:
        return Precedence::Or;
      case Kind::Cast:
        return Precedence::Cast;
      case Kind::Call:
        return call_precedence(e);
      case Kind::Literal:
        return literal_precedence(e);
      default:
        return Precedence::Primary;
    }
  }
  static Precedence literal_precedence(const Expression& e) {
    const bool negative = e.type.is_number() && literal_text(e.literal).starts_with('-');
    return negative ? Precedence::Sign : Precedence::Primary;
  }
  static Precedence call_precedence(const Expression& e) {
    if (e.arguments.size() == 2) {
      if (const OperatorForm* form = find_form(kInfix, e.name)) return form->precedence;
      if (is_symbol(e.name)) return Precedence::Operator;
    }
    if (e.arguments.size() == 1) {
      if (const OperatorForm* form = find_form(kPostfix, e.name)) return form->precedence;
      if (e.name == "not") return Precedence::Not;
      if (e.name == "-" || e.name == "+") return Precedence::Sign;
      if (is_symbol(e.name)) return Precedence::Operator;
    }
    return Precedence::Primary;
  }

  void print_bare(const Expression& e, Precedence own) {
    switch (e.kind) {
      case Kind::Column:
        out_ += e.column < names_.size() && !names_[e.column].empty() ? identifier(names_[e.column])
                                                                      : "#" + std::to_string(e.column);
        return;
      case Kind::Literal:
        out_ += literal_text(e.literal);
        return;
      case Kind::Cast:
        print(*e.arguments.front(), Precedence::Cast);
        out_ += "::" + columnar::to_string(e.type);
        return;
      case Kind::And:
      case Kind::Or:
        print_logical(e);
        return;
      case Kind::Case:
        print_case(e);
        return;
      case Kind::Coalesce:
        print_list("coalesce", e);
        return;
      case Kind::Call:
        print_call(e, own);
        return;
    }
  }

  void print_logical(const Expression& e) {
    const Precedence inner = e.kind == Kind::And ? tighter(Precedence::And) : tighter(Precedence::Or);
    for (std::size_t i = 0; i < e.arguments.size(); ++i) {
      if (i != 0) out_ += e.kind == Kind::And ? " AND " : " OR ";
      const Expression& a = *e.arguments[i];
      if (e.kind == Kind::And && i + 1 < e.arguments.size() && is_between(a, *e.arguments[i + 1])) {
        const Expression& b = *e.arguments[++i];
        print(*a.arguments[0], tighter(Precedence::Range));
        out_ += " BETWEEN ";
        print(*a.arguments[1], tighter(Precedence::Range));
        out_ += " AND ";
        print(*b.arguments[1], tighter(Precedence::Range));
        continue;
      }
      print(a, inner);
    }
  }

  void print_case(const Expression& e) {
    out_ += "CASE";
    for (std::size_t i = 0; i + 1 < e.arguments.size(); i += 2) {
      out_ += " WHEN ";
      print(*e.arguments[i], Precedence::Or);
      out_ += " THEN ";
      print(*e.arguments[i + 1], Precedence::Or);
    }
    const Expression& otherwise = *e.arguments.back();
    if (otherwise.kind != Kind::Literal || !otherwise.literal.is_null()) {
      out_ += " ELSE ";
      print(otherwise, Precedence::Or);
    }
    out_ += " END";
  }

  void print_list(std::string_view name, const Expression& e) {
    out_ += name;
    out_.push_back('(');
    for (std::size_t i = 0; i < e.arguments.size(); ++i) {
      if (i != 0) out_ += ", ";
      print(*e.arguments[i], Precedence::Or);
    }
    out_.push_back(')');
  }

  void print_call(const Expression& e, Precedence own) {
    if (own == Precedence::Primary) {
      print_list(e.name, e);
      return;
    }
    if (e.arguments.size() == 2) {
      const OperatorForm* form = find_form(kInfix, e.name);
      // Arithmetic groups from the left; comparisons do not chain at all.
      const bool chains = own >= Precedence::Operator;
      print(*e.arguments[0], chains ? own : tighter(own));
      out_ += ' ';
      out_ += form != nullptr ? form->text : std::string_view(e.name);
      out_ += ' ';
      print(*e.arguments[1], tighter(own));
      return;
    }
    if (const OperatorForm* form = find_form(kPostfix, e.name)) {
      print(*e.arguments[0], tighter(own));
      out_ += ' ';
      out_ += form->text;
      return;
    }
    out_ += e.name == "not" ? "NOT " : e.name;
    // Two signs in a row would read as a comment.
    print(*e.arguments[0], e.name == "not" ? own : tighter(own));
  }

  std::span<const std::string> names_;
  std::string out_;
};

}  // namespace

std::string to_string(const Expression& expression, std::span<const std::string> names) {
  Printer printer(names);
  printer.print(expression, Precedence::Or);
  return printer.take();
}

}  // namespace dart::plan
