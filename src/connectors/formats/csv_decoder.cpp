#include "connectors/formats/csv_decoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/limits.hpp"
#include "connectors/formats/csv_column.hpp"

namespace dart::connectors {

CsvDecoder::CsvDecoder(const DecodeRequest& request, const CsvDialect& dialect)
    : table_(*request.table), dialect_(dialect), index_(dialect), header_due_(dialect.header) {
  for (std::size_t place = 0; place < request.columns.size(); ++place) {
    columns_.push_back(make_csv_column(table_, request.columns[place], place, dialect));
  }
}

CsvDecoder::~CsvDecoder() = default;

void CsvDecoder::feed(const InputBlock& block) {
  block_ = block;
  std::size_t begin = 0;
  if (skipping_) {
    const void* newline = std::memchr(block.bytes, '\n', block.size);
    if (newline == nullptr) {
      // Nothing of it is needed again.
      rest_ = block.size;
      base_ = block.size;
      next_ = 0;
      index_.build(block.bytes + block.size, 0, false);
      return;
    }
    skipping_ = false;
    begin = static_cast<std::size_t>(static_cast<const char*>(newline) - block.bytes) + 1;
  }
  index_from(begin);
}

void CsvDecoder::index_from(std::size_t offset) {
  base_ = offset;
  next_ = 0;
  index_.build(block_.bytes + offset, block_.size - offset, block_.last);
  if (header_due_ && index_.records() > 0 && index_.record_end(0) <= limits::kRecordBytes) {
    header_due_ = false;
    next_ = 1;
  }
  rest_ = base_ + (index_.records() > next_ ? index_.record_begin(next_) : index_.rest());
}

std::size_t CsvDecoder::decode(std::size_t max_records, RowBatch& batch, RowErrorLog& errors) {
  const std::size_t taken = take_records(max_records, batch.next_seq, errors);
  batch.next_seq += static_cast<std::int64_t>(taken);
  if (records_.first.empty()) return taken;
  records_.ends = index_.ends();
  records_.bytes = block_.bytes + base_;
  records_.has_quotes = index_.has_quotes();
  records_.has_non_ascii = index_.has_non_ascii();
  records_.owner = &block_.owner;
  for (const auto& column : columns_) column->parse(records_, batch, errors);
  compact(batch);
  return taken;
}

// Records with the wrong number of fields are counted here and never reach a column.
std::size_t CsvDecoder::take_records(std::size_t max_records, std::int64_t first_seq, RowErrorLog& errors) {
  records_.first.clear();
  records_.seq.clear();
  records_.any_bad = false;
  const std::size_t fields = table_.columns.size();
  std::size_t taken = 0;
  while (taken < max_records && next_ < index_.records()) {
    const std::size_t begin = index_.record_begin(next_);
    const std::size_t size = index_.record_end(next_) - begin;
    const auto seq = first_seq + static_cast<std::int64_t>(taken);
    if (size > limits::kRecordBytes) {
      // The index behind it is wrong and is made anew, so what was taken before is decoded first.
      if (!records_.first.empty()) return taken;
      errors.add(seq, "", fmt::format("record longer than {} bytes", limits::kRecordBytes),
                 {block_.bytes + base_ + begin, RowErrorLog::kSampleBytes});
      ++taken;
      if (!skip_long_record(base_ + begin)) return taken;
      continue;
    }
    const std::size_t count = index_.field_count(next_);
    const bool cut = index_.unterminated() && next_ + 1 == index_.records();
    if (count == fields && !cut) [[likely]] {
      records_.first.push_back(index_.first(next_));
      records_.seq.push_back(seq);
    } else {
      errors.add(
          seq, "",
          cut ? "unterminated CSV quoted field" : fmt::format("expected {} fields, got {}", fields, count),
          {block_.bytes + base_ + begin, size});
    }
    ++next_;
    ++taken;
  }
  const bool more = next_ < index_.records();
  rest_ = base_ + (more ? index_.record_begin(next_) : index_.rest());
  if (!more && block_.size - rest_ > limits::kRecordBytes && taken < max_records) {
    const auto seq = first_seq + static_cast<std::int64_t>(taken);
    if (!records_.first.empty()) return taken;
    errors.add(seq, "", fmt::format("record longer than {} bytes", limits::kRecordBytes),
               {block_.bytes + rest_, RowErrorLog::kSampleBytes});
    ++taken;
    skip_long_record(rest_);
  }
  return taken;
}

/// Goes on behind the first newline after the limit; false when the block has none.
bool CsvDecoder::skip_long_record(std::size_t begin) {
  const std::size_t from = begin + limits::kRecordBytes;
  const void* newline = std::memchr(block_.bytes + from, '\n', block_.size - from);
  if (newline == nullptr) {
    skipping_ = true;
    rest_ = base_ = block_.size;
    next_ = 0;
    index_.build(block_.bytes + block_.size, 0, false);
    return false;
  }
  index_from(static_cast<std::size_t>(static_cast<const char*>(newline) - block_.bytes) + 1);
  return true;
}

void CsvDecoder::compact(RowBatch& batch) {
  const std::size_t count = records_.first.size();
  if (batch.steps != nullptr) std::copy_n(records_.seq.data(), count, batch.steps + batch.rows);
  if (!records_.any_bad) {
    for (const auto& column : columns_) column->set_nulls(batch, nullptr);
    batch.rows += count;
    return;
  }
  std::vector<std::uint32_t> place(count);
  std::uint32_t good = 0;
  for (std::size_t k = 0; k < count; ++k) {
    place[k] = good;
    if (records_.bad[k] != 0) continue;
    if (batch.steps != nullptr) batch.steps[batch.rows + good] = records_.seq[k];
    ++good;
  }
  for (const auto& column : columns_) {
    column->close_gaps(records_, batch, place);
    column->set_nulls(batch, &place);
  }
  batch.rows += good;
}

}  // namespace dart::connectors
