#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "connectors/formats/csv_decoder.hpp"

namespace dart::connectors {

/// Parses one column of the records taken by one call of CsvDecoder::decode; one class for each parser, so
/// that the loop over rows has no call in it. The order of calls is parse, close_gaps when any record turned
/// out bad, set_nulls.
class CsvDecoder::Column {
 public:
  virtual ~Column() = default;
  /// Writes values to rows batch.rows + k; marks records whose field does not parse as bad.
  virtual void parse(Records& records, RowBatch& batch, RowErrorLog& errors) = 0;
  /// Moves the value of every good record k to row batch.rows + place[k].
  virtual void close_gaps(const Records& records, RowBatch& batch,
                          const std::vector<std::uint32_t>& place) = 0;
  /// Makes the rows NULL whose fields were; `place` as in close_gaps, null: unmoved.
  virtual void set_nulls(RowBatch& batch, const std::vector<std::uint32_t>* place) = 0;
};

/// `place` is the column's place in the batch.
[[nodiscard]] std::unique_ptr<CsvDecoder::Column> make_csv_column(const plan::TableDefinition& table,
                                                                  std::uint32_t column, std::size_t place,
                                                                  const CsvDialect& dialect);

}  // namespace dart::connectors
