#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "connectors/catalogue.hpp"
#include "connectors/record_source.hpp"
#include "table_builder.hpp"

namespace dart::connectors::testing {

/// A byte source in memory that gives at most `piece` bytes a read, the first time only `first`.
class PiecewiseBytes : public ByteSource {
 public:
  PiecewiseBytes(std::string bytes, std::size_t piece, std::size_t first)
      : bytes_(std::move(bytes)), piece_(piece), first_(first) {}

  Result<ByteRead> read(char* into, std::size_t room) override {
    const std::size_t wanted = place_ == 0 && first_ > 0 ? first_ : piece_;
    const std::size_t size = std::min({room, wanted, bytes_.size() - place_});
    std::memcpy(into, bytes_.data() + place_, size);
    place_ += size;
    return ByteRead{size, place_ == bytes_.size()};
  }

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t first_;
  std::size_t place_ = 0;
};

struct ReadAll {
  std::string rows;    ///< as `render`
  std::string errors;  ///< reason=count, one a line
  std::int64_t last_seq = 0;
};

struct Cut {
  std::size_t piece = SIZE_MAX;
  std::size_t first = 0;  ///< 0: as piece
  std::size_t chunk_rows = 2048;
  std::size_t block_bytes = RecordSource::kBlockBytes;
};

inline Clocks fixed_clocks() {
  return {[] { return TimePoint{}; }, [] { return std::int64_t{0}; }};
}

/// Decodes the whole input in the given pieces.
inline ReadAll read_all(const plan::TableDefinition& table, std::vector<std::uint32_t> columns,
                        const std::string& input, const Cut& cut = {}) {
  const auto format = std::find_if(format_entries().begin(), format_entries().end(),
                                   [&](const FormatEntry& entry) { return entry.spec.name == table.format; });
  auto decoder = format->make_decoder({&table, columns});
  if (!decoder) return {"", decoder.error().message, 0};
  RecordSource source({&table, columns, true}, std::make_unique<PiecewiseBytes>(input, cut.piece, cut.first),
                      *std::move(decoder), fixed_clocks(), cut.block_bytes);
  ReadAll all;
  columnar::Chunk chunk;
  while (true) {
    const auto outcome = source.read(TimePoint{}, cut.chunk_rows, chunk);
    if (!outcome) return {"", outcome.error().message, 0};
    all.rows += render(chunk);
    all.last_seq = std::max(all.last_seq, outcome->last_seq);
    if (outcome->end) break;
  }
  for (const auto& [reason, count] : source.errors())
    all.errors += reason + "=" + std::to_string(count) + "\n";
  return all;
}

}  // namespace dart::connectors::testing
