#include "connectors/formats/json_decoder.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/limits.hpp"
#include "connectors/typed_parsers.hpp"

namespace dart::connectors {

namespace {

namespace ondemand = simdjson::ondemand;
using columnar::LogicalType;
using columnar::TypeId;
using columnar::Vector;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// The object or array that `text` begins with; all of it when it does not end.
std::string_view nested(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return text.substr(0, i + 1);
    }
  }
  return text;
}

/// Why a line is no row: counted by `reason`, shown with the column and the text.
struct Complaint {
  std::string column;
  std::string reason;
  std::string value;
};

}  // namespace

/// Reads one line into one row.
class JsonDecoder::Impl {
 public:
  explicit Impl(const DecodeRequest& request) : seen_(request.columns.size()) {
    for (std::size_t place = 0; place < request.columns.size(); ++place) {
      const plan::TableColumn& column = request.table->columns[request.columns[place]];
      columns_.push_back({column.name, column.type});
      places_.emplace(column.name, place);
    }
  }

  /// `line` has SIMDJSON_PADDING readable bytes behind it. False: `complaint` says why.
  bool read(std::string_view line, columnar::Chunk& out, std::size_t row, Complaint& complaint) {
    ondemand::document document;
    ondemand::object object;
    std::fill(seen_.begin(), seen_.end(), std::uint8_t{0});
    const std::size_t room = line.size() + simdjson::SIMDJSON_PADDING;
    simdjson::error_code code = parser_.iterate(line.data(), line.size(), room).get(document);
    if (code == simdjson::SUCCESS) code = document.get_object().get(object);
    if (code == simdjson::INCORRECT_TYPE) return refuse(complaint, "", "not a JSON object", line);
    if (code != simdjson::SUCCESS) return invalid(complaint, line);
    for (auto field : object) {
      std::string_view key;
      ondemand::value value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return invalid(complaint, line);
      const auto found = places_.find(key);
      if (field.value().get(value) != simdjson::SUCCESS) return invalid(complaint, line);
      if (found == places_.end()) continue;
      const Column& column = columns_[found->second];
      Vector& vector = out.columns[found->second];
      bool is_value = true;
      code = store(value, column.type, line, vector, row, is_value, complaint);
      if (code != simdjson::SUCCESS) return invalid(complaint, line);
      if (!complaint.reason.empty()) {
        complaint.column = column.name;
        return false;
      }
      seen_[found->second] = is_value ? 1 : 0;
    }
    const char* behind = nullptr;
    if (document.current_location().get(behind) != simdjson::OUT_OF_BOUNDS) return invalid(complaint, line);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (seen_[c] == 0) out.columns[c].set_value(row, columnar::Value::null(columns_[c].type));
    }
    return true;
  }

 private:
  struct Column {
    std::string name;
    LogicalType type;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  static bool refuse(Complaint& complaint, std::string column, std::string reason, std::string_view value) {
    complaint = {std::move(column), std::move(reason),
                 std::string(value.substr(0, RowErrorLog::kSampleBytes))};
    return false;
  }
  static bool invalid(Complaint& complaint, std::string_view line) {
    return refuse(complaint, "", "invalid JSON", line);
  }

  /// Writes one value; `is_value` is false for null. An error code means that the JSON itself is broken; a
  /// value that does not fit the column is a complaint.
  static simdjson::error_code store(ondemand::value value, LogicalType type, std::string_view line,
                                    Vector& vector, std::size_t row, bool& is_value, Complaint& complaint) {
    ondemand::json_type kind{};
    if (const auto code = value.type().get(kind); code != simdjson::SUCCESS) return code;
    if (kind == ondemand::json_type::null) {
      is_value = false;
      bool null = false;
      return value.is_null().get(null);
    }
    if (type.id == TypeId::Jsonb) return store_json(value, kind, line, vector, row);
    const bool from_text = type.is_number() || type.is_time() || type.id == TypeId::Interval;
    const bool is_text = kind == ondemand::json_type::string && (from_text || type.id == TypeId::Text);
    const bool is_number = kind == ondemand::json_type::number && type.is_number();
    if (is_text) {
      std::string_view text;
      if (const auto code = value.get_string().get(text); code != simdjson::SUCCESS) return code;
      store_text(text, type, vector, row, complaint);
      return simdjson::SUCCESS;
    }
    if (is_number) {
      double number = 0;
      const std::string_view token = trimmed(value.raw_json_token());
      // Its letters are checked as JSON; its value is taken from its digits.
      if (const auto code = value.get_double().get(number); code == simdjson::NUMBER_ERROR) return code;
      store_text(token, type, vector, row, complaint);
      return simdjson::SUCCESS;
    }
    if (kind == ondemand::json_type::boolean && type.id == TypeId::Bool) {
      bool flag = false;
      const auto code = value.get_bool().get(flag);
      if (code == simdjson::SUCCESS) vector.mutable_data<std::uint8_t>()[row] = flag ? 1 : 0;
      return code;
    }
    refuse(complaint, "", fmt::format("JSON {} for type {}", name_of(kind), columnar::to_string(type)),
           trimmed(value.raw_json_token()));
    return simdjson::SUCCESS;
  }

  static simdjson::error_code store_json(ondemand::value value, ondemand::json_type kind,
                                         std::string_view line, Vector& vector, std::size_t row) {
    std::string_view text = trimmed(value.raw_json_token());
    if (kind == ondemand::json_type::object || kind == ondemand::json_type::array) {
      text = nested({text.data(), static_cast<std::size_t>(line.data() + line.size() - text.data())});
    }
    // The same form as everywhere, so that equal values have equal texts; it also checks what simdjson only
    // skips.
    JsonParser parser;
    columnar::StringRef json;
    if (!parser(text.data(), text.data() + text.size(), json)) return simdjson::TAPE_ERROR;
    vector.mutable_data<columnar::StringRef>()[row] = vector.heap().add(json.view());
    return simdjson::SUCCESS;
  }

  static void store_text(std::string_view text, LogicalType type, Vector& vector, std::size_t row,
                         Complaint& complaint) {
    if (type.id == TypeId::Text) {
      vector.mutable_data<columnar::StringRef>()[row] = vector.heap().add(text);
      return;
    }
    with_parser(type, [&](auto parser) {
      using Stored = typename decltype(parser)::Value;
      if (!parser(text.data(), text.data() + text.size(), vector.mutable_data<Stored>()[row])) {
        refuse(complaint, "", parse_failure(text, type), text);
      }
    });
  }

  static std::string_view name_of(ondemand::json_type kind) {
    switch (kind) {
      case ondemand::json_type::array:
        return "array";
      case ondemand::json_type::object:
        return "object";
      case ondemand::json_type::number:
        return "number";
      case ondemand::json_type::string:
        return "string";
      case ondemand::json_type::boolean:
        return "boolean";
      case ondemand::json_type::null:
        break;
    }
    return "null";
  }

  std::vector<Column> columns_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> places_;
  std::vector<std::uint8_t> seen_;  // by column: the row has a value for it
  ondemand::parser parser_;
};

JsonDecoder::JsonDecoder(const DecodeRequest& request) : impl_(std::make_unique<Impl>(request)) {}

JsonDecoder::~JsonDecoder() = default;

void JsonDecoder::feed(const InputBlock& block) {
  block_ = block;
  place_ = 0;
}

std::size_t JsonDecoder::decode(std::size_t max_records, RowBatch& batch, RowErrorLog& errors) {
  static_assert(kDecoderPadding >= simdjson::SIMDJSON_PADDING);
  std::size_t taken = 0;
  while (taken < max_records && place_ < block_.size) {
    const char* begin = block_.bytes + place_;
    const std::size_t left = block_.size - place_;
    const auto* newline = static_cast<const char*>(std::memchr(begin, '\n', left));
    const std::size_t size = newline != nullptr ? static_cast<std::size_t>(newline - begin) : left;
    const bool too_long = size > limits::kRecordBytes;
    if (newline == nullptr && !block_.last && !too_long && !skipping_) break;
    place_ += newline != nullptr ? size + 1 : size;
    const bool counted =
        std::exchange(skipping_, newline == nullptr && !block_.last && (too_long || skipping_));
    if (counted) continue;
    const std::string_view line = trimmed({begin, size});
    if (line.empty()) continue;
    const std::int64_t seq = batch.next_seq++;
    ++taken;
    Complaint complaint;
    if (too_long) {
      errors.add(seq, "", fmt::format("record longer than {} bytes", limits::kRecordBytes), line);
    } else if (!impl_->read(line, batch.out, batch.rows, complaint)) {
      errors.add(seq, complaint.column, complaint.reason, complaint.value);
    } else {
      if (batch.steps != nullptr) batch.steps[batch.rows] = seq;
      ++batch.rows;
    }
  }
  return taken;
}

}  // namespace dart::connectors
