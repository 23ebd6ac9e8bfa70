#include "connectors/formats/csv_column.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "connectors/typed_parsers.hpp"

namespace dart::connectors {

namespace {

/// Takes away the quotes of a field that has some: everything between a pair of them is meant as it stands,
/// but for escaped quotes.
void unquote(std::string_view field, const CsvDialect& dialect, std::string& out) {
  out.clear();
  bool quoted = false;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const char c = field[i];
    const bool has_next = i + 1 < field.size();
    if (quoted && c == dialect.escape && has_next &&
        (field[i + 1] == dialect.quote || field[i + 1] == dialect.escape)) {
      out.push_back(field[++i]);
    } else if (c == dialect.quote) {
      quoted = !quoted;
    } else {
      out.push_back(c);
    }
  }
}

template <class Parser>
class TypedColumn : public CsvDecoder::Column {
 public:
  using Value = typename Parser::Value;
  /// Values point to the field itself.
  static constexpr bool kIsText = std::is_same_v<Parser, TextParser>;
  /// Values point into the parser.
  static constexpr bool kIsMade = std::is_same_v<Parser, JsonParser>;

  TypedColumn(const plan::TableDefinition& table, std::uint32_t column, std::size_t place,
              const CsvDialect& dialect, Parser parser)
      : definition_(table.columns[column]),
        field_(column),
        is_last_(column + 1 == table.columns.size()),
        place_(place),
        dialect_(dialect),
        parser_(parser) {}

  void parse(CsvDecoder::Records& records, RowBatch& batch, RowErrorLog& errors) override {
    nulls_.clear();
    columnar::Vector& vector = batch.out.columns[place_];
    if constexpr (kIsText) {
      vector.heap().retain(*records.owner);
      parser_.check_utf8 = records.has_non_ascii;
    }
    if (records.has_quotes || !dialect_.null_text.empty() || records.any_bad) {
      parse_rows<true>(records, vector, batch.rows, errors);
    } else {
      parse_rows<false>(records, vector, batch.rows, errors);
    }
  }

  void close_gaps(const CsvDecoder::Records& records, RowBatch& batch,
                  const std::vector<std::uint32_t>& place) override {
    Value* values = batch.out.columns[place_].template mutable_data<Value>() + batch.rows;
    for (std::size_t k = 0; k < place.size(); ++k) {
      if (records.bad[k] == 0) values[place[k]] = values[k];
    }
    std::erase_if(nulls_, [&](std::uint32_t k) { return records.bad[k] != 0; });
  }

  void set_nulls(RowBatch& batch, const std::vector<std::uint32_t>* place) override {
    for (const std::uint32_t k : nulls_) {
      batch.out.columns[place_].set_null(batch.rows + (place != nullptr ? (*place)[k] : k));
    }
  }

 private:
  // Careful: the block has quotes, or NULL has a text, or a record is bad already.
  template <bool kCareful>
  void parse_rows(CsvDecoder::Records& records, columnar::Vector& vector, std::size_t row,
                  RowErrorLog& errors) {
    Value* values = vector.template mutable_data<Value>() + row;
    const std::size_t count = records.first.size();
    for (std::size_t k = 0; k < count; ++k) {
      const std::uint32_t* place = records.ends + records.first[k] + field_;
      const char* begin = records.bytes + CsvIndex::begin_of(place[0]);
      const char* end = records.bytes + place[1];
      if (is_last_ && end != begin && end[-1] == '\r') --end;
      if constexpr (kCareful) {
        if (records.any_bad && records.bad[k] != 0) continue;
        if (records.has_quotes &&
            std::memchr(begin, dialect_.quote, static_cast<std::size_t>(end - begin)) != nullptr) {
          if (!parse_quoted(begin, end, vector, values[k])) mark_bad(records, k, unquoted_, errors);
          continue;
        }
        if (span_of(begin, end) == dialect_.null_text) {
          set_null(k, values);
          continue;
        }
      } else if (begin == end) {
        set_null(k, values);
        continue;
      }
      if (!parser_(begin, end, values[k])) [[unlikely]] {
        mark_bad(records, k, span_of(begin, end), errors);
        continue;
      }
      if constexpr (kIsMade) values[k] = vector.heap().add(values[k].view());
    }
  }

  bool parse_quoted(const char* begin, const char* end, columnar::Vector& vector, Value& out) {
    unquote(span_of(begin, end), dialect_, unquoted_);
    if (!parser_(unquoted_.data(), unquoted_.data() + unquoted_.size(), out)) return false;
    // The bytes just parsed are scratch; those of the block serve as well when the quotes only stand around
    // them.
    if constexpr (kIsText) {
      const bool around = unquoted_.size() + 2 == static_cast<std::size_t>(end - begin) &&
                          *begin == dialect_.quote && end[-1] == dialect_.quote;
      out = around ? columnar::StringRef(std::string_view(begin + 1, unquoted_.size()))
                   : vector.heap().add(unquoted_);
    }
    if constexpr (kIsMade) out = vector.heap().add(out.view());
    return true;
  }

  void set_null(std::size_t k, Value* values) {
    values[k] = Value{};
    nulls_.push_back(static_cast<std::uint32_t>(k));
  }

  void mark_bad(CsvDecoder::Records& records, std::size_t k, std::string_view text, RowErrorLog& errors) {
    if (!records.any_bad) {
      records.any_bad = true;
      records.bad.assign(records.first.size(), 0);
    }
    records.bad[k] = 1;
    errors.add(records.seq[k], definition_.name, parse_failure(text, definition_.type), text);
  }

  const plan::TableColumn& definition_;
  std::size_t field_;
  bool is_last_;
  std::size_t place_;
  CsvDialect dialect_;
  Parser parser_;
  std::vector<std::uint32_t> nulls_;
  std::string unquoted_;
};

}  // namespace

std::unique_ptr<CsvDecoder::Column> make_csv_column(const plan::TableDefinition& table, std::uint32_t column,
                                                    std::size_t place, const CsvDialect& dialect) {
  return with_parser(table.columns[column].type, [&](auto parser) -> std::unique_ptr<CsvDecoder::Column> {
    return std::make_unique<TypedColumn<decltype(parser)>>(table, column, place, dialect, parser);
  });
}

}  // namespace dart::connectors
