#include "connectors/datagen_connector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/generators/column_generator.hpp"
#include "connectors/generators/events.hpp"
#include "connectors/generators/words.hpp"
#include "connectors/option_reader.hpp"
#include "connectors/paced_source.hpp"
#include "connectors/record_source.hpp"

namespace dart::connectors {

namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Vector;

/// A column of a named generator: f(row number) in every row.
template <class T, class F>
class NamedColumn : public ColumnGenerator {
 public:
  explicit NamedColumn(F f) : f_(std::move(f)) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    T* values = out.mutable_data<T>();
    for (std::size_t k = 0; k < count; ++k) values[k] = f_(first + k);
  }

 private:
  F f_;
};

template <class T, class F>
std::unique_ptr<ColumnGenerator> named(F f) {
  return std::make_unique<NamedColumn<T, F>>(std::move(f));
}

/// Other seeds take other stretches of the benchmark streams, which go on without end.
std::uint64_t row_offset(std::uint64_t seed) { return seed << 40; }

class WordColumn : public ColumnGenerator {
 public:
  explicit WordColumn(std::uint64_t seed) : offset_(row_offset(seed)) {}
  // No word is too long for a StringRef to hold, so nothing has to be kept alive.
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    auto* values = out.mutable_data<columnar::StringRef>();
    for (std::size_t k = 0; k < count; ++k) {
      values[k] = columnar::StringRef(words_.vocabulary()[words_.rank_at(first + k + offset_)]);
    }
  }

 private:
  std::uint64_t offset_;
  Words words_;
};

using Made = Result<std::unique_ptr<ColumnGenerator>>;

tl::unexpected<Error> no_column(const plan::TableDefinition& table, const plan::TableColumn& column,
                                std::string_view generator, std::string_view columns) {
  return fail(ErrorCode::Binding,
              fmt::format("table \"{}\": generator '{}' has no column \"{}\" of type {}; it has {}",
                          table.name, generator, column.name, to_string(column.type), columns));
}

Made make_event_column(const plan::TableDefinition& table, std::uint32_t column, std::uint64_t seed) {
  const plan::TableColumn& wanted = table.columns[column];
  const std::uint64_t offset = row_offset(seed);
  if (wanted.name == "ts" && wanted.type.is_time()) {
    return named<std::int64_t>([](std::uint64_t i) { return event_at(i).ts; });
  }
  if (wanted.name == "key" && wanted.type.is_integer()) {
    return named<std::int64_t>([offset](std::uint64_t i) { return event_at(i + offset).key; });
  }
  if (wanted.name == "value" && wanted.type.id == TypeId::Double) {
    return named<double>([offset](std::uint64_t i) { return event_at(i + offset).value; });
  }
  if (wanted.name == "id" && wanted.type.id == TypeId::BigInt) {
    return named<std::int64_t>([](std::uint64_t i) { return event_at(i).id; });
  }
  return no_column(table, wanted, "events", "ts timestamp, key bigint, value double precision, id bigint");
}

Made make_word_column(const plan::TableDefinition& table, std::uint32_t column, std::uint64_t seed) {
  const plan::TableColumn& wanted = table.columns[column];
  if (wanted.name == "ts" && wanted.type.is_time()) {
    return named<std::int64_t>([](std::uint64_t i) { return event_at(i).ts; });
  }
  if (wanted.name == "word" && wanted.type.id == TypeId::Text) return std::make_unique<WordColumn>(seed);
  return no_column(table, wanted, "words", "ts timestamp, word text");
}

class DatagenSource : public engine::Source {
 public:
  DatagenSource(const engine::ReadRequest& request, std::optional<std::int64_t> rows,
                std::vector<std::unique_ptr<ColumnGenerator>> columns, Clocks clocks)
      : request_(request), rows_(rows), columns_(std::move(columns)), clocks_(std::move(clocks)) {}

  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) override {
    std::size_t count = max_rows;
    if (rows_) count = std::min(count, static_cast<std::size_t>(*rows_) - static_cast<std::size_t>(next_));
    prepare_chunk(request_, count, out);
    for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c]->fill(next_, count, out.columns[c]);
    const auto first = static_cast<std::int64_t>(next_) + 1;
    if (request_.want_steps) {
      auto* steps = out.steps.mutable_data<std::int64_t>();
      for (std::size_t k = 0; k < count; ++k) steps[k] = first + static_cast<std::int64_t>(k);
    }
    next_ += count;
    out.rows = count;
    engine::ReadOutcome outcome;
    outcome.rows = count;
    outcome.end = rows_ && next_ == static_cast<std::uint64_t>(*rows_);
    outcome.first_seq = first;
    outcome.last_seq = static_cast<std::int64_t>(next_);
    outcome.origin_first = outcome.origin_last = now;
    outcome.read_at_us = clocks_.wall_us();
    return outcome;
  }
  const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }

 private:
  engine::ReadRequest request_;
  std::optional<std::int64_t> rows_;
  std::vector<std::unique_ptr<ColumnGenerator>> columns_;
  Clocks clocks_;
  std::uint64_t next_ = 0;
  std::map<std::string, std::uint64_t> errors_;
};

Result<std::unique_ptr<engine::Source>> open_datagen(const engine::ReadRequest& request,
                                                     const Clocks& clocks) {
  const plan::TableDefinition& table = *request.table;
  const OptionReader options(table);
  DART_TRY(const auto rows, options.bigint("rows"));
  if (rows && *rows < 0) return options.wrong("rows", "at least 0");
  DART_TRY(const auto seed, options.bigint("seed"));
  const auto seeded = static_cast<std::uint64_t>(seed.value_or(0));
  const std::string generator = options.text("generator").value_or("");
  auto* make = &make_column_generator;
  if (generator == "events") make = &make_event_column;
  if (generator == "words") make = &make_word_column;
  if (make == &make_column_generator && !generator.empty())
    return options.wrong("generator", "'events' or 'words'");
  std::vector<std::unique_ptr<ColumnGenerator>> columns;
  for (const std::uint32_t column : request.columns) {
    DART_TRY(auto made, make(table, column, seeded));
    columns.push_back(std::move(made));
  }
  return std::make_unique<DatagenSource>(request, rows, std::move(columns), clocks);
}

}  // namespace

ConnectorEntry datagen_connector() {
  ConnectorEntry entry;
  entry.spec.name = "datagen";
  entry.spec.is_source = true;
  entry.spec.takes_format = false;
  entry.spec.options = {
      {"rows", TypeId::BigInt, false, {}, "how many rows there are (default: no end)"},
      {"seed", TypeId::BigInt, false, {}, "other seeds give other rows (default 0)"},
      {"generator",
       TypeId::Text,
       false,
       {"events", "words"},
       "rows of a benchmark instead of one generator a column"},
  };
  for (const plan::OptionSpec& option : pacing_options()) entry.spec.options.push_back(option);
  for (const plan::OptionSpec& option : column_generator_options()) entry.spec.options.push_back(option);
  entry.spec.bounded = [](const plan::Options& options) {
    return plan::find_option(options, "rows") != nullptr;
  };
  entry.open_rows = open_datagen;
  return entry;
}

}  // namespace dart::connectors
