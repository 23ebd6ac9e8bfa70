#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/decoder.hpp"
#include "connectors/formats/csv_dialect.hpp"
#include "connectors/formats/csv_index.hpp"

namespace dart::connectors {

/// CSV as PostgreSQL's COPY reads it. A block is indexed once, then decoded a column at a time: the field
/// count of every record is checked, and only requested columns are parsed. Long strings point into the
/// block.
///
/// A record longer than limits::kRecordBytes is a row error and ends at the first newline behind that length,
/// quoted or not: a stray quote costs one megabyte, not the rest of the input.
class CsvDecoder : public Decoder {
 public:
  CsvDecoder(const DecodeRequest& request, const CsvDialect& dialect);
  ~CsvDecoder() override;

  void feed(const InputBlock& block) override;
  [[nodiscard]] std::size_t decode(std::size_t max_records, RowBatch& batch, RowErrorLog& errors) override;
  [[nodiscard]] std::size_t left_over() const override { return block_.size - rest_; }

  /// Parses one column of the records taken by one call of decode; one class per parser.
  class Column;
  /// The records of one call of decode.
  struct Records {
    const char* bytes = nullptr;
    const std::uint32_t* ends = nullptr;
    std::vector<std::uint32_t> first;  ///< by record: its first place in ends
    std::vector<std::int64_t> seq;
    std::vector<std::uint8_t> bad;  ///< by record; all 0 unless any_bad
    bool any_bad = false;
    bool has_quotes = false;
    bool has_non_ascii = false;
    const std::shared_ptr<const char[]>* owner = nullptr;
  };

 private:
  void index_from(std::size_t offset);
  std::size_t take_records(std::size_t max_records, std::int64_t first_seq, RowErrorLog& errors);
  bool skip_long_record(std::size_t begin);
  void compact(RowBatch& batch);

  const plan::TableDefinition& table_;
  CsvDialect dialect_;
  CsvIndex index_;
  std::vector<std::unique_ptr<Column>> columns_;
  InputBlock block_;
  std::size_t base_ = 0;  // the part of the block that is indexed begins here
  std::size_t next_ = 0;  // record of the index to decode next
  std::size_t rest_ = 0;  // the block is used up to here
  bool header_due_ = false;
  bool skipping_ = false;  // inside a record that is too long and already counted
  Records records_;
};

}  // namespace dart::connectors
