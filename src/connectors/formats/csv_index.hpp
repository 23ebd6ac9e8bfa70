#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "connectors/formats/csv_dialect.hpp"

namespace dart::connectors {

/// Where fields and records of a piece of CSV end, found 64 bytes at a time. Record r (from 0) has
/// field_count(r) fields; field f of it is bytes [ends()[first(r) + f] + 1, ends()[first(r) + f + 1]).
class CsvIndex {
 public:
  explicit CsvIndex(const CsvDialect& dialect) : dialect_(dialect) {}

  /// `bytes` begins at a record's start; 64 bytes behind its end may be read. With `last` a final line
  /// without a newline is a record too.
  void build(const char* bytes, std::size_t size, bool last);

  [[nodiscard]] std::size_t records() const { return records_.size() - 1; }
  [[nodiscard]] std::size_t field_count(std::size_t record) const {
    return records_[record + 1] - records_[record];
  }
  [[nodiscard]] std::uint32_t first(std::size_t record) const { return records_[record]; }
  [[nodiscard]] const std::uint32_t* ends() const { return ends_.data(); }
  [[nodiscard]] std::size_t record_begin(std::size_t record) const {
    return begin_of(ends_[records_[record]]);
  }
  [[nodiscard]] std::size_t record_end(std::size_t record) const { return ends_[records_[record + 1]]; }
  /// Where the part begins that belongs to no whole record.
  [[nodiscard]] std::size_t rest() const { return rest_; }
  /// The last record ended with the input inside quotes.
  [[nodiscard]] bool unterminated() const { return unterminated_; }
  [[nodiscard]] bool has_quotes() const { return has_quotes_; }
  [[nodiscard]] bool has_non_ascii() const { return has_non_ascii_; }

  /// The end before the first field of all is "one before 0", so that adding 1 gives 0.
  [[nodiscard]] static std::size_t begin_of(std::uint32_t end_before) {
    return static_cast<std::uint32_t>(end_before + 1);
  }

 private:
  template <class Scanner>
  bool scan(const char* bytes, std::size_t size);
  bool scan_escaped(const char* bytes, std::size_t size);
  void append(std::uint64_t ends, std::uint64_t newlines, std::size_t offset);

  CsvDialect dialect_;
  std::vector<std::uint32_t> ends_{
      UINT32_MAX};                         // positions of delimiters and newlines; ends_[0] = UINT32_MAX
  std::vector<std::uint32_t> records_{0};  // places in ends_ of newlines; records_[0] = 0
  std::size_t count_ = 0;                  // entries of ends_ in use
  std::size_t rest_ = 0;
  bool unterminated_ = false;
  bool has_quotes_ = false;
  bool has_non_ascii_ = false;
};

}  // namespace dart::connectors
