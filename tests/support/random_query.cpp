#include "support/random_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace dart::support {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;

namespace {

enum class Class : std::uint8_t { Integer, Double, Numeric, Text, Time };

struct Column {
  std::string name;
  Class type = Class::Integer;
};

struct Relation {
  std::string name;
  std::vector<Column> columns;
  bool append_only = false;
  bool ordered = false;  ///< rows come in the order of their column ts, and of _seq
  bool one_row = false;
  bool windowed = false;  ///< has window_start and window_end
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(Random(seed).split(1)), data_(Random(seed).split(2)) {}

  RandomQuery make() {
    disorder_ = random_.chance(1, 4);
    RandomQuery query;
    query.sql = table();
    const std::size_t views = 1 + random_.below(4);
    for (std::size_t v = 0; v < views; ++v) add_view();
    const Relation top = relations_.back();
    query.emit = emission(top);
    query.sql += views_ + sink(top, query.emit);
    const std::size_t rows = 20 + random_.below(60);
    for (std::size_t r = 0; r < rows; ++r) query.rows.push_back(row());
    return query;
  }

 private:
  std::size_t below(std::size_t bound) { return random_.below(bound); }
  bool chance(std::uint64_t of) { return random_.chance(1, of); }
  template <class T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  // ---- the table and its rows

  std::string table() {
    relations_.push_back({"t",
                          {{"ts", Class::Time},
                           {"k", Class::Integer},
                           {"g", Class::Text},
                           {"x", Class::Integer},
                           {"y", Class::Double},
                           {"m", Class::Numeric}},
                          true,
                          !disorder_,
                          false,
                          false});
    const std::string check = chance(4) ? ", CONSTRAINT small_x CHECK (x < 9)" : "";
    const std::string delay = disorder_ ? ", watermark_delay = '4 s'" : "";
    return fmt::format(
        "CREATE TABLE t (ts timestamp NOT NULL, k int, g text, x int, y double precision, m numeric(8,2){})\n"
        "WITH (connector = 'memory', event_time = ts{});\n",
        check, delay);
  }

  Cells row() {
    if (data_.chance(1, 25)) return {};
    now_ += static_cast<std::int64_t>(data_.below(4)) * 1'000'000;
    std::int64_t ts = now_;
    if (data_.chance(1, disorder_ ? 3 : 20)) ts -= static_cast<std::int64_t>(data_.below(9)) * 1'000'000;
    const auto maybe = [&](Value value) {
      return data_.chance(1, 8) ? Value::null(value.type()) : std::move(value);
    };
    const auto small = [&](std::uint64_t range, std::int64_t from) {
      return static_cast<std::int64_t>(data_.below(range)) + from;
    };
    return {Value::timestamp(ts),
            maybe(Value::integer(small(4, 0))),
            maybe(Value::text(std::string(1, static_cast<char>('a' + small(3, 0))) +
                              (data_.chance(1, 4) ? " longer than 12" : ""))),
            maybe(Value::integer(small(15, -5))),
            maybe(Value::real(static_cast<double>(small(40, -10)) * 0.25)),
            maybe(Value::numeric(8, 2, small(1000, -200)))};
  }

  // ---- expressions

  std::vector<std::string> columns_of(const Relation& r, Class type, const std::string& prefix = "") {
    std::vector<std::string> names;
    for (const Column& column : r.columns) {
      if (column.type == type) names.push_back(prefix + column.name);
    }
    return names;
  }

  std::string number(const Relation& r, Class& type, const std::string& prefix = "") {
    type = one_of(std::vector<Class>{Class::Integer, Class::Integer, Class::Double, Class::Numeric});
    const auto names = columns_of(r, type, prefix);
    if (names.empty()) {
      type = Class::Integer;
      return std::to_string(below(5));
    }
    return one_of(names);
  }

  std::string expression(const Relation& r, Class& type) {
    const std::string a = number(r, type);
    switch (below(9)) {
      case 0:
        return fmt::format("{} + {}", a, below(5));
      case 1:
        return fmt::format("{} * {}", a, below(4));
      case 2:
        return fmt::format("coalesce({}, 0)", a);
      case 3:
        return fmt::format("CASE WHEN {} THEN {} END", condition(r), a);
      case 4:
        return fmt::format("abs({})", a);
      case 5:
        return fmt::format("greatest({}, {})", a, below(3));
      case 6:
        if (type == Class::Integer) return fmt::format("12 / {}", a);  // a row error where it is 0
        return a;
      case 7: {
        const auto texts = columns_of(r, Class::Text);
        type = Class::Text;
        return texts.empty() ? "'lone'" : fmt::format("upper({}) || '-'", one_of(texts));
      }
      default:
        return a;
    }
  }

  std::string condition(const Relation& r, const std::string& prefix = "") {
    Class type{};
    const std::string a = number(r, type, prefix);
    switch (below(8)) {
      case 0:
        return fmt::format("{} > {}", a, below(5));
      case 1:
        return fmt::format("{} <= {}", a, below(7));
      case 2:
        return fmt::format("{} IS NOT NULL", a);
      case 3:
        return fmt::format("{} <> {} AND {} < 8", a, below(4), a);
      case 4:
        return fmt::format("{} BETWEEN -1 AND {}", a, below(9));
      case 5:
        return fmt::format("({} = {} OR {} IS NULL)", a, below(4), a);
      case 6: {
        const auto texts = columns_of(r, Class::Text, prefix);
        if (!texts.empty()) return fmt::format("{} {} 'b'", one_of(texts), chance(2) ? "<" : ">=");
        return fmt::format("{} >= 0", a);
      }
      default:
        return fmt::format("{} IN (0, 1, 3)", a);
    }
  }

  /// Some columns, at least one, each with its class.
  std::vector<Column> some_columns(const Relation& r, std::size_t at_most) {
    std::vector<Column> all = r.columns;
    std::vector<Column> picked;
    while (!all.empty() && picked.size() < at_most) {
      const std::size_t i = below(all.size());
      picked.push_back(all[i]);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return picked;
  }

  static std::string list(const std::vector<Column>& columns, const std::string& prefix = "") {
    std::string text;
    for (const Column& column : columns) text += (text.empty() ? "" : ", ") + prefix + column.name;
    return text;
  }

  std::string aggregate(const Relation& r, Class& type) {
    Class of{};
    const std::string a = number(r, of);
    switch (below(11)) {
      case 0:
        type = Class::Integer;
        return "count(*)";
      case 1:
        type = Class::Integer;
        return fmt::format("count({})", a);
      case 2:
        type = of == Class::Double ? of : Class::Numeric;
        return fmt::format("sum({})", a);
      case 3:
        type = of == Class::Double ? of : Class::Numeric;
        return fmt::format("avg({})", a);
      case 4:
        type = of;
        return fmt::format("min({})", a);
      case 5:
        type = of;
        return fmt::format("max({})", a);
      case 6:
        type = Class::Integer;
        return fmt::format("count(DISTINCT {})", a);
      case 7:
        type = of == Class::Double ? of : Class::Numeric;
        return fmt::format("median({})", a);
      case 8:
        type = Class::Double;
        return fmt::format("stddev({}::double precision)", a);
      case 9: {
        const auto texts = columns_of(r, Class::Text);
        if (texts.empty()) break;
        type = Class::Text;
        return fmt::format("max({})", one_of(texts));
      }
      default:
        break;
    }
    type = Class::Integer;
    return fmt::format("count(*) FILTER (WHERE {})", condition(r));
  }

  // ---- views

  const Relation& any() { return relations_[below(relations_.size())]; }
  const Relation* any_where(bool (*wanted)(const Relation&)) {
    std::vector<const Relation*> found;
    for (const Relation& r : relations_) {
      if (wanted(r)) found.push_back(&r);
    }
    return found.empty() ? nullptr : found[below(found.size())];
  }

  void add(Relation made, const std::string& select) {
    made.name = fmt::format("v{}", relations_.size());
    views_ += fmt::format("CREATE VIEW {} AS {};\n", made.name, select);
    relations_.push_back(std::move(made));
  }

  void add_view() {
    switch (below(13)) {
      case 0:
        return project();
      case 1:
      case 2:
        return slide();
      case 3:
      case 4:
        return group_any();
      case 5:
        return distinct();
      case 6:
        return distinct_on();
      case 7:
      case 8:
        return top();
      case 9:
        return join();
      case 10:
        return unite();
      case 11:
        return over();
      default:
        return window();
    }
  }

  void project() {
    const Relation r = any();
    Relation made = r;
    made.columns.clear();
    std::string items;
    for (const Column& column : r.columns) {
      const bool keeps = column.name == "ts" || column.name.starts_with("window_");
      if (!keeps && chance(4)) continue;
      items += (items.empty() ? "" : ", ") + column.name;
      made.columns.push_back(column);
    }
    Class type{};
    const std::string extra = expression(r, type);
    const std::string name = fmt::format("e{}", relations_.size());
    items += fmt::format("{}{} AS {}", items.empty() ? "" : ", ", extra, name);
    made.columns.push_back({name, type});
    add(made, fmt::format("SELECT {} FROM {}{}", items, r.name, chance(2) ? " WHERE " + condition(r) : ""));
  }

  void slide() {
    const Relation* r = any_where(
        [](const Relation& x) { return x.append_only && !columns_named(x, "ts").empty() && !x.windowed; });
    const std::string from = fmt::format("sliding({}, ts, INTERVAL '{} s')", r->name, 1 + below(12));
    if (chance(2)) return group(*r, from);
    Relation made = *r;
    made.append_only = made.ordered = false;
    add(made, fmt::format("SELECT * FROM {}", from));
  }

  static std::string columns_named(const Relation& r, const std::string& name) {
    for (const Column& column : r.columns) {
      if (column.name == name) return name;
    }
    return "";
  }

  void group_any() {
    const Relation r = any();
    group(r, r.name);
  }

  void group(const Relation& from, const std::string& name) {
    const Relation r = from;
    Relation made;
    std::vector<Column> keys = chance(5) ? std::vector<Column>{} : some_columns(r, 1 + below(2));
    std::string items = list(keys);
    made.columns = keys;
    made.one_row = keys.empty();
    const std::size_t calls = 1 + below(3);
    for (std::size_t c = 0; c < calls; ++c) {
      Class type{};
      const std::string call = aggregate(r, type);
      const std::string as = fmt::format("a{}_{}", relations_.size(), c);
      items += fmt::format("{}{} AS {}", items.empty() ? "" : ", ", call, as);
      made.columns.push_back({as, type});
    }
    std::string sql = fmt::format("SELECT {} FROM {}", items, name);
    if (chance(4)) sql += " WHERE " + condition(r);
    if (!keys.empty()) sql += " GROUP BY " + list(keys);
    if (!keys.empty() && chance(4)) sql += " HAVING count(*) > 1";
    add(made, sql);
  }

  void distinct() {
    const Relation r = any();
    Relation made;
    made.columns = some_columns(r, 1 + below(2));
    add(made, fmt::format("SELECT DISTINCT {} FROM {}", list(made.columns), r.name));
  }

  std::string order_of(const std::vector<Column>& columns) {
    std::string text;
    for (const Column& column : columns) {
      text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", column.name, chance(2) ? " DESC" : "",
                          chance(4) ? " NULLS FIRST" : "");
    }
    return text;
  }

  void distinct_on() {
    const Relation r = any();
    Relation made;
    made.columns = r.columns;
    const auto keys = some_columns(r, 1);
    add(made, fmt::format("SELECT DISTINCT ON ({}) * FROM {} ORDER BY {}, {}", list(keys), r.name, list(keys),
                          order_of(some_columns(r, 3))));
  }

  void top() {
    const Relation r = any();
    Relation made;
    made.columns = r.columns;
    const std::string order = order_of(some_columns(r, 1 + below(2)));
    if (chance(2)) {
      const std::string offset = chance(4) ? fmt::format(" OFFSET {}", below(3)) : "";
      return add(made,
                 fmt::format("SELECT * FROM {} ORDER BY {} LIMIT {}{}", r.name, order, 1 + below(5), offset));
    }
    const std::string rank = fmt::format("rk{}", relations_.size());
    const std::string partition = chance(2) ? fmt::format("PARTITION BY {} ", list(some_columns(r, 1))) : "";
    made.columns.push_back({rank, Class::Integer});
    add(made,
        fmt::format(
            "SELECT * FROM (SELECT *, row_number() OVER ({}ORDER BY {}) AS {} FROM {}) q WHERE {} <= {}",
            partition, order, rank, r.name, rank, 1 + below(3)));
  }

  void join() {
    const Relation a = any();
    const Relation b = any();
    Relation made;
    std::string items;
    for (const auto& [relation, alias] : {std::pair{&a, "a"}, std::pair{&b, "b"}}) {
      for (const Column& column : some_columns(*relation, 3)) {
        const std::string as = fmt::format("j{}_{}", relations_.size(), made.columns.size());
        items += fmt::format("{}{}.{} AS {}", items.empty() ? "" : ", ", alias, column.name, as);
        made.columns.push_back({as, column.type});
      }
    }
    if (a.one_row && b.one_row) {
      made.one_row = true;
      return add(made, fmt::format("SELECT {} FROM {} a CROSS JOIN {} b", items, a.name, b.name));
    }
    const Class type = one_of(std::vector<Class>{Class::Integer, Class::Text});
    const auto left = columns_of(a, type, "a.");
    const auto right = columns_of(b, type, "b.");
    if (left.empty() || right.empty()) return project();
    std::string on = fmt::format("{} = {}", one_of(left), one_of(right));
    if (chance(3)) on += " AND " + condition(b, "b.");
    add(made, fmt::format("SELECT {} FROM {} a {} {} b ON {}", items, a.name,
                          chance(2) ? "JOIN" : "LEFT JOIN", b.name, on));
  }

  void unite() {
    const Relation a = any();
    const Relation b = any();
    Relation made;
    const auto texts_a = columns_of(a, Class::Text);
    const auto texts_b = columns_of(b, Class::Text);
    const auto numbers_a = columns_of(a, Class::Integer);
    const auto numbers_b = columns_of(b, Class::Integer);
    const std::string u = fmt::format("u{}", relations_.size());
    made.columns = {{u, Class::Integer}, {u + "t", Class::Text}};
    const auto side = [&](const Relation& r, const auto& numbers, const auto& texts) {
      return fmt::format("SELECT {} AS {}, {} AS {}t FROM {}{}", numbers.empty() ? "7" : one_of(numbers), u,
                         texts.empty() ? "'none'" : one_of(texts), u, r.name,
                         chance(3) ? " WHERE " + condition(r) : "");
    };
    add(made, side(a, numbers_a, texts_a) + " UNION ALL " + side(b, numbers_b, texts_b));
  }

  void over() {
    const Relation* r = any_where([](const Relation& x) { return x.ordered; });
    if (r == nullptr) return project();
    Relation made = *r;
    made.ordered = false;
    const std::string partition = chance(3) ? "" : fmt::format("PARTITION BY {} ", list(some_columns(*r, 1)));
    const std::vector<std::string> frames = {"", " ROWS 2 PRECEDING", " ROWS UNBOUNDED PRECEDING",
                                             " RANGE BETWEEN INTERVAL '5 s' PRECEDING AND CURRENT ROW"};
    Class type{};
    std::string call = aggregate(*r, type);
    while (call.find("DISTINCT") != std::string::npos) call = aggregate(*r, type);
    if (chance(5)) {
      call = "row_number()";
      type = Class::Integer;
    }
    const std::string as = fmt::format("o{}", relations_.size());
    made.columns.push_back({as, type});
    const std::string frame = call == "row_number()" ? "" : one_of(frames);
    add(made, fmt::format("SELECT *, {} OVER ({}ORDER BY ts{}) AS {} FROM {}", call, partition, frame, as,
                          r->name));
  }

  void window() {
    const Relation* r = any_where(
        [](const Relation& x) { return x.append_only && !columns_named(x, "ts").empty() && !x.windowed; });
    if (chance(4)) {
      if (!r->ordered) return project();
      const auto keys = columns_of(*r, Class::Integer);
      const std::string key = keys.empty() || chance(3) ? "" : one_of(keys);
      Relation inner = *r;
      inner.columns.push_back({"window_id", Class::Integer});
      Class type{};
      const std::string call = aggregate(*r, type);
      Relation made;
      made.columns = {{"w", Class::Integer}};
      if (!key.empty()) made.columns.push_back({key, Class::Integer});
      made.columns.push_back({fmt::format("c{}", relations_.size()), type});
      made.append_only = true;
      return add(
          made,
          fmt::format("SELECT window_id AS w{}, {} AS {} FROM count_window({}, {}{}) GROUP BY window_id{}",
                      key.empty() ? "" : ", " + key, call, made.columns.back().name, r->name, 2 + below(3),
                      key.empty() ? "" : ", " + key, key.empty() ? "" : ", " + key));
    }
    const std::int64_t slide = 1 + static_cast<std::int64_t>(below(4));
    const std::string from = chance(2)
                                 ? fmt::format("tumble({}, ts, INTERVAL '{} s')", r->name, slide + 2)
                                 : fmt::format("hop({}, ts, INTERVAL '{} s', INTERVAL '{} s')", r->name,
                                               slide, slide * (1 + static_cast<std::int64_t>(below(3))));
    Relation made;
    made.windowed = true;
    made.columns = {{"window_start", Class::Time}, {"window_end", Class::Time}};
    std::string keys = "window_start, window_end";
    if (chance(2)) {
      const Column key = some_columns(*r, 1)[0];
      if (key.name != "ts") {
        keys += ", " + key.name;
        made.columns.push_back(key);
      }
    }
    std::string items = keys;
    const std::size_t calls = 1 + below(2);
    for (std::size_t c = 0; c < calls; ++c) {
      Class type{};
      const std::string call = aggregate(*r, type);
      const std::string as = fmt::format("w{}_{}", relations_.size(), c);
      items += fmt::format(", {} AS {}", call, as);
      made.columns.push_back({as, type});
    }
    add(made, fmt::format("SELECT {} FROM {} GROUP BY {}", items, from, keys));
  }

  // ---- emission and sink

  std::string emission(const Relation& top) {
    if (top.windowed && chance(2)) return "window_close";
    const std::size_t draw = below(6);
    return draw == 0 ? "final" : (draw <= 2 ? "on_change" : "changes");
  }

  std::string sink(const Relation& top, const std::string& emit) {
    std::string declared;
    for (std::size_t c = 0; c < top.columns.size(); ++c) {
      const char* type = "";
      switch (top.columns[c].type) {
        case Class::Integer:
          type = "bigint";
          break;
        case Class::Double:
          type = "double precision";
          break;
        case Class::Numeric:
          type = "numeric(38,16)";
          break;
        case Class::Text:
          type = "text";
          break;
        case Class::Time:
          type = "timestamp";
          break;
      }
      declared += fmt::format("c{} {}, ", c, type);
    }
    std::string options = fmt::format("emit = '{}'", emit);
    if (emit == "on_change" && top.columns.size() > 1 && chance(2)) {
      options += fmt::format(", ignore = '{}'", one_of(top.columns).name);
    }
    return fmt::format(
        "CREATE MATERIALIZED VIEW shown WITH ({}) AS SELECT * FROM {};\n"
        "CREATE TABLE out ({}op text) WITH (connector = 'memory', op_column = op);\n"
        "INSERT INTO out SELECT * FROM shown;\n",
        options, top.name, declared);
  }

  Random random_;
  Random data_;
  bool disorder_ = false;
  std::int64_t now_ = 1'000'000'000;
  std::vector<Relation> relations_;
  std::string views_;
};

}  // namespace

RandomQuery random_query(std::uint64_t seed) { return Generator(seed).make(); }

}  // namespace dart::support
