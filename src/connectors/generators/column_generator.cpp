#include "connectors/generators/column_generator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "columnar/text_form.hpp"
#include "columnar/value.hpp"
#include "connectors/generators/zipf.hpp"
#include "connectors/option_reader.hpp"

namespace dart::connectors {

namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Vector;

/// A number in [0, 1) for a row, other for every stream.
double unit(std::uint64_t stream, std::uint64_t row) {
  return static_cast<double>(mix64(stream + row) >> 11) * 0x1.0p-53;
}

/// Which of `n` things a row takes: uniform or by Zipf's law.
class Picker {
 public:
  Picker(std::uint64_t stream, std::uint64_t n, std::optional<Zipf> zipf)
      : stream_(stream), n_(n), zipf_(std::move(zipf)) {}
  [[nodiscard]] std::uint64_t pick(std::uint64_t row) const {
    if (zipf_) return zipf_->rank(unit(stream_, row));
    const std::uint64_t bits = mix64(stream_ + row);
    return n_ == 0 ? bits : static_cast<std::uint64_t>((static_cast<uint128>(bits) * n_) >> 64);
  }

 private:
  std::uint64_t stream_;
  std::uint64_t n_;  // 0 stands for 2^64
  std::optional<Zipf> zipf_;
};

/// Runs `f` with the writable values of a vector whose type is held as an integer.
template <class F>
void with_integers(Vector& out, F&& f) {
  if (out.type().physical() == columnar::PhysicalType::Int128) {
    f(out.mutable_data<int128>());
  } else {
    f(out.mutable_data<std::int64_t>());
  }
}

/// least + picked * spacing, for everything held as an integer: whole numbers, numerics, times.
class PickedInteger : public ColumnGenerator {
 public:
  PickedInteger(Picker picker, std::int64_t least, std::int64_t spacing)
      : picker_(std::move(picker)), least_(least), spacing_(spacing) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    with_integers(out, [&](auto* values) {
      for (std::size_t k = 0; k < count; ++k) {
        values[k] = static_cast<std::int64_t>(static_cast<std::uint64_t>(least_) +
                                              picker_.pick(first + k) * static_cast<std::uint64_t>(spacing_));
      }
    });
  }

 private:
  Picker picker_;
  std::int64_t least_;
  std::int64_t spacing_;
};

/// start + row * step; wraps around at the end of the range.
class IntegerSequence : public ColumnGenerator {
 public:
  IntegerSequence(std::int64_t start, std::int64_t step) : start_(start), step_(step) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    with_integers(out, [&](auto* values) {
      for (std::size_t k = 0; k < count; ++k) {
        values[k] = static_cast<std::int64_t>(static_cast<std::uint64_t>(start_) +
                                              (first + k) * static_cast<std::uint64_t>(step_));
      }
    });
  }

 private:
  std::int64_t start_;
  std::int64_t step_;
};

class UniformDouble : public ColumnGenerator {
 public:
  UniformDouble(std::uint64_t stream, double least, double greatest)
      : stream_(stream), least_(least), range_(greatest - least) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    auto* values = out.mutable_data<double>();
    for (std::size_t k = 0; k < count; ++k) values[k] = least_ + range_ * unit(stream_, first + k);
  }

 private:
  std::uint64_t stream_;
  double least_;
  double range_;
};

/// least + picked * spacing.
class PickedDouble : public ColumnGenerator {
 public:
  PickedDouble(Picker picker, double least, double spacing)
      : picker_(std::move(picker)), least_(least), spacing_(spacing) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    auto* values = out.mutable_data<double>();
    for (std::size_t k = 0; k < count; ++k) {
      values[k] = least_ + spacing_ * static_cast<double>(picker_.pick(first + k));
    }
  }

 private:
  Picker picker_;
  double least_;
  double spacing_;
};

class DoubleSequence : public ColumnGenerator {
 public:
  DoubleSequence(double start, double step) : start_(start), step_(step) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    auto* values = out.mutable_data<double>();
    for (std::size_t k = 0; k < count; ++k) values[k] = start_ + step_ * static_cast<double>(first + k);
  }

 private:
  double start_;
  double step_;
};

class RandomBool : public ColumnGenerator {
 public:
  RandomBool(std::uint64_t stream, double probability) : stream_(stream), probability_(probability) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    auto* values = out.mutable_data<std::uint8_t>();
    for (std::size_t k = 0; k < count; ++k) values[k] = unit(stream_, first + k) < probability_ ? 1 : 0;
  }

 private:
  std::uint64_t stream_;
  double probability_;
};

/// One of a list of texts.
class PickedText : public ColumnGenerator {
 public:
  PickedText(Picker picker, std::vector<std::string> texts)
      : picker_(std::move(picker)),
        texts_(std::make_shared<const std::vector<std::string>>(std::move(texts))) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    auto* values = out.mutable_data<columnar::StringRef>();
    out.heap().retain(texts_);
    for (std::size_t k = 0; k < count; ++k)
      values[k] = columnar::StringRef((*texts_)[picker_.pick(first + k)]);
  }

 private:
  Picker picker_;
  std::shared_ptr<const std::vector<std::string>> texts_;
};

/// `length` letters that are a function of `number`.
void write_letters(std::uint64_t number, std::size_t length, char* out) {
  for (std::size_t i = 0; i < length; ++i) {
    if (i % 8 == 0) number = mix64(number);
    out[i] = static_cast<char>('a' + (number & 0xFF) * 26 / 256);
    number >>= 8;
  }
}

/// Letters made from the number picked: as many texts as the picker has numbers.
class LetterText : public ColumnGenerator {
 public:
  LetterText(Picker picker, std::size_t length) : picker_(std::move(picker)), length_(length) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    auto* values = out.mutable_data<columnar::StringRef>();
    char text[columnar::StringRef::kInline];
    for (std::size_t k = 0; k < count; ++k) {
      char* place = length_ <= sizeof text ? text : out.heap().allocate(length_);
      write_letters(picker_.pick(first + k), length_, place);
      values[k] = columnar::StringRef(std::string_view(place, length_));
    }
  }

 private:
  Picker picker_;
  std::size_t length_;
};

/// The same value in every row.
class ConstantValue : public ColumnGenerator {
 public:
  explicit ConstantValue(columnar::Value value) : value_(std::move(value)) {}
  void fill(std::uint64_t /*first*/, std::size_t count, Vector& out) const override {
    for (std::size_t k = 0; k < count; ++k) out.set_value(k, value_);
  }

 private:
  columnar::Value value_;
};

/// Another generator's values, of which a share is NULL.
class WithNulls : public ColumnGenerator {
 public:
  WithNulls(std::uint64_t stream, double share, std::unique_ptr<ColumnGenerator> inner)
      : stream_(stream), share_(share), inner_(std::move(inner)) {}
  void fill(std::uint64_t first, std::size_t count, Vector& out) const override {
    inner_->fill(first, count, out);
    for (std::size_t k = 0; k < count; ++k) {
      if (unit(stream_, first + k) < share_) out.set_value(k, columnar::Value::null(out.type()));
    }
  }

 private:
  std::uint64_t stream_;
  double share_;
  std::unique_ptr<ColumnGenerator> inner_;
};

using Made = Result<std::unique_ptr<ColumnGenerator>>;

/// Reads the options of one column and puts its generator together.
class Maker {
 public:
  Maker(const plan::TableDefinition& table, std::uint32_t column, std::uint64_t seed)
      : table_(table),
        options_(table),
        column_(table.columns[column]),
        // Streams of different columns lie far apart, so that no row of one meets a row of another.
        stream_(mix64(mix64(seed) + column + 1)) {}

  Made make() const {
    DART_TRY(const auto null_rate, options_.real(name("null_rate")));
    if (null_rate && !(*null_rate >= 0 && *null_rate <= 1))
      return options_.wrong(name("null_rate"), "from 0 to 1");
    const bool is_time = column_.type.is_time();
    const std::string distribution =
        options_.text(name("distribution")).value_or(is_time ? "sequence" : "uniform");
    DART_TRY(auto made, make(distribution));
    if (!null_rate) return made;
    return std::make_unique<WithNulls>(mix64(stream_), *null_rate, std::move(made));
  }

 private:
  [[nodiscard]] std::string name(std::string_view option) const {
    return fmt::format("{}.{}", column_.name, option);
  }

  Made make(const std::string& distribution) const {
    const bool zipf = distribution == "zipf";
    if (distribution == "constant") {
      DART_TRY(const std::string text, options_.required_text(name("value")));
      DART_TRY(auto value, parse("value", text, column_.type));
      return std::make_unique<ConstantValue>(std::move(value));
    }
    if (distribution != "sequence" && distribution != "uniform" && !zipf) {
      return options_.wrong(name("distribution"), "uniform, zipf, sequence or constant");
    }
    const bool sequence = distribution == "sequence";
    switch (column_.type.id) {
      case TypeId::Bool:
        if (distribution != "uniform") break;
        return make_bool();
      case TypeId::Double:
        return sequence ? make_double_sequence() : make_double(zipf);
      case TypeId::Text:
        if (sequence) break;
        return make_text(zipf);
      case TypeId::Null:
      case TypeId::Jsonb:
        return fail(ErrorCode::Unsupported, fmt::format("table \"{}\": datagen makes no {} (column \"{}\")",
                                                        table_.name, to_string(column_.type), column_.name));
      default:
        return sequence ? make_sequence() : make_integer(zipf);
    }
    return options_.wrong(name("distribution"), fmt::format("one that {} can have", to_string(column_.type)));
  }

  Made make_bool() const {
    DART_TRY(const auto probability, options_.real(name("probability")));
    return std::make_unique<RandomBool>(stream_, probability.value_or(0.5));
  }

  Made make_sequence() const {
    const LogicalType step_type = column_.type.is_time() ? LogicalType::of(TypeId::Interval) : column_.type;
    DART_TRY(const std::int64_t start, integer("start", column_.type, 0));
    DART_TRY(const std::int64_t step, integer("step", step_type, column_.type.is_time() ? 1000 : one()));
    return std::make_unique<IntegerSequence>(start, step);
  }

  Made make_integer(bool zipf) const {
    DART_TRY(const std::int64_t least, integer("min", column_.type, 0));
    DART_TRY(const std::int64_t greatest, integer("max", column_.type, default_greatest()));
    if (greatest < least) return options_.wrong(name("max"), "at least the minimum");
    const std::uint64_t values = static_cast<std::uint64_t>(greatest) - static_cast<std::uint64_t>(least) + 1;
    DART_TRY(const std::uint64_t cardinality, this->cardinality(values));
    // Fewer values than the range has are spread over it when its end is given, else they follow each other.
    const bool spread = cardinality > 1 && options_.text(name("max")).has_value();
    const std::int64_t spacing =
        spread ? static_cast<std::int64_t>(std::max<std::uint64_t>(1, (values - 1) / (cardinality - 1)))
               : one();
    DART_TRY(auto picker, this->picker(zipf, cardinality));
    const bool all = cardinality == values;
    return std::make_unique<PickedInteger>(std::move(picker), least, all ? 1 : spacing);
  }

  Made make_double(bool zipf) const {
    DART_TRY(const auto least, options_.real(name("min")));
    DART_TRY(const auto greatest, options_.real(name("max")));
    const double low = least.value_or(0);
    const double high = greatest.value_or(low + 1);
    if (high < low) return options_.wrong(name("max"), "at least the minimum");
    DART_TRY(const std::uint64_t cardinality, this->cardinality(0));
    if (cardinality == 0 && !zipf) return std::make_unique<UniformDouble>(stream_, low, high);
    DART_TRY(auto picker, this->picker(zipf, cardinality));
    const double spacing = cardinality > 1 ? (high - low) / static_cast<double>(cardinality - 1) : 0;
    return std::make_unique<PickedDouble>(std::move(picker), low, spacing);
  }

  Made make_double_sequence() const {
    DART_TRY(const auto start, options_.real(name("start")));
    DART_TRY(const auto step, options_.real(name("step")));
    return std::make_unique<DoubleSequence>(start.value_or(0), step.value_or(1));
  }

  Made make_text(bool zipf) const {
    if (const auto choices = options_.text(name("choices"))) {
      std::vector<std::string> texts;
      for (std::size_t begin = 0; begin <= choices->size();) {
        const std::size_t end = std::min(choices->find(',', begin), choices->size());
        texts.push_back(choices->substr(begin, end - begin));
        begin = end + 1;
      }
      DART_TRY(auto picker, this->picker(zipf, texts.size()));
      return std::make_unique<PickedText>(std::move(picker), std::move(texts));
    }
    constexpr std::int64_t kLongest = 65536;
    DART_TRY(const auto length, options_.bigint(name("length")));
    if (length && (*length < 0 || *length > kLongest))
      return options_.wrong(name("length"), "from 0 to 65536");
    DART_TRY(const std::uint64_t cardinality, this->cardinality(0));
    DART_TRY(auto picker, this->picker(zipf, cardinality));
    return std::make_unique<LetterText>(std::move(picker), static_cast<std::size_t>(length.value_or(8)));
  }

  /// `otherwise` when the option is not given.
  Result<std::uint64_t> cardinality(std::uint64_t otherwise) const {
    DART_TRY(const auto given, options_.bigint(name("cardinality")));
    if (!given) return otherwise;
    if (*given < 1) return options_.wrong(name("cardinality"), "at least 1");
    return static_cast<std::uint64_t>(*given);
  }

  Result<Picker> picker(bool zipf, std::uint64_t n) const {
    if (!zipf) return Picker(stream_, n, std::nullopt);
    DART_TRY(const auto skew, options_.real(name("skew")));
    if (n < 1 || n > Zipf::kMost) {
      return options_.wrong(name("cardinality"), fmt::format("given, from 1 to {}, for zipf", Zipf::kMost));
    }
    return Picker(stream_, n, Zipf(static_cast<std::size_t>(n), skew.value_or(1)));
  }

  /// 1 as the column holds it.
  [[nodiscard]] std::int64_t one() const {
    std::int64_t unscaled = 1;
    if (column_.type.id == TypeId::Numeric) {
      for (int digit = 0; digit < std::min<int>(column_.type.scale, 17); ++digit) unscaled *= 10;
    }
    return unscaled;
  }
  [[nodiscard]] std::int64_t default_greatest() const {
    if (column_.type.id == TypeId::Interval) return 1'000'000;
    if (column_.type.is_integer()) return 999;
    if (column_.type.is_time()) return std::int64_t{86'400} * 1'000'000 - 1;
    return one() - 1;
  }

  Result<columnar::Value> parse(std::string_view option, const std::string& text, LogicalType type) const {
    auto value = columnar::parse_value(text, type);
    if (!value) return options_.wrong(name(option), fmt::format("a value of type {}", to_string(type)));
    return value;
  }

  Result<std::int64_t> integer(std::string_view option, LogicalType type, std::int64_t otherwise) const {
    const auto text = options_.text(name(option));
    if (!text) return otherwise;
    DART_TRY(const columnar::Value value, parse(option, *text, type));
    if (type.physical() != columnar::PhysicalType::Int128) return value.bigint();
    const auto wide = value.get<int128>();
    if (wide > INT64_MAX || wide < INT64_MIN) return options_.wrong(name(option), "of at most 18 digits");
    return static_cast<std::int64_t>(wide);
  }

  const plan::TableDefinition& table_;
  OptionReader options_;
  const plan::TableColumn& column_;
  std::uint64_t stream_;
};

}  // namespace

Made make_column_generator(const plan::TableDefinition& table, std::uint32_t column, std::uint64_t seed) {
  return Maker(table, column, seed).make();
}

std::span<const plan::OptionSpec> column_generator_options() {
  static const std::vector<plan::OptionSpec> options = {
      {"*.distribution",
       TypeId::Text,
       false,
       {"uniform", "zipf", "sequence", "constant"},
       "default uniform; sequence for timestamps"},
      {"*.min", TypeId::Null, false, {}, "least value (default 0)"},
      {"*.max", TypeId::Null, false, {}, "greatest value"},
      {"*.cardinality", TypeId::BigInt, false, {}, "number of different values"},
      {"*.skew", TypeId::Double, false, {}, "zipf: weights are 1 / rank^skew (default 1)"},
      {"*.start", TypeId::Null, false, {}, "sequence: the first value (default 0, or 1970-01-01)"},
      {"*.step", TypeId::Null, false, {}, "sequence: the difference (default 1, or '1 ms')"},
      {"*.value", TypeId::Null, false, {}, "constant: the value"},
      {"*.length", TypeId::BigInt, false, {}, "text: number of letters (default 8)"},
      {"*.choices", TypeId::Text, false, {}, "text: the values, separated by commas"},
      {"*.probability", TypeId::Double, false, {}, "boolean: how often true (default 0.5)"},
      {"*.null_rate", TypeId::Double, false, {}, "share of NULLs (default 0)"},
  };
  return options;
}

}  // namespace dart::connectors
