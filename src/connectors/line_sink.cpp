#include "connectors/line_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "connectors/catalogue.hpp"
#include "connectors/encoder.hpp"

namespace dart::connectors {

namespace {

class LineSink final : public engine::Sink {
 public:
  LineSink(std::unique_ptr<plan::TableDefinition> table, std::unique_ptr<Encoder> encoder,
           std::function<void(std::string_view)> take, Clocks clocks)
      : table_(std::move(table)),
        encoder_(std::move(encoder)),
        take_(std::move(take)),
        clocks_(std::move(clocks)) {}

  Status write(const columnar::Chunk& chunk, const engine::Progress& progress) override {
    const std::int64_t* steps = chunk.step_data();
    for (std::size_t row = 0; row < chunk.rows; ++row) {
      const TimePoint origin = steps != nullptr ? progress.origin(steps[row]) : progress.origin_first;
      const std::int64_t weight = chunk.weight(row);
      if (weight < 0 && !table_->op_column) {
        return fail(
            ErrorCode::Unsupported,
            fmt::format("table \"{}\": a row is taken back, which a list of rows cannot show", table_->name),
            std::nullopt, "add op_column to show every change as a row");
      }
      for (std::int64_t copies = weight < 0 ? -weight : weight; copies > 0; --copies) {
        show(chunk, row, weight < 0 ? '-' : '+', origin);
      }
    }
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  std::uint64_t rows_written() const override { return rows_written_; }
  const DelayHistogram* delays() const override { return &delays_; }

 private:
  void show(const columnar::Chunk& chunk, std::size_t row, char op, TimePoint origin) {
    line_.clear();
    const std::size_t gap = encoder_->row(chunk, row, op, line_);
    const std::int64_t delay_us = (clocks_.monotonic() - origin).us;
    if (gap != std::string::npos) fill_delay_gap(delay_us, line_.data() + gap);
    if (line_.ends_with('\n')) line_.pop_back();
    delays_.record(delay_us);
    ++rows_written_;
    take_(line_);
  }

  std::unique_ptr<plan::TableDefinition> table_;
  std::unique_ptr<Encoder> encoder_;  // of table_
  std::function<void(std::string_view)> take_;
  Clocks clocks_;
  std::string line_;
  DelayHistogram delays_;
  std::uint64_t rows_written_ = 0;
};

}  // namespace

Result<std::unique_ptr<engine::Sink>> open_line_sink(const plan::TableDefinition& table,
                                                     std::function<void(std::string_view)> take,
                                                     const Clocks& clocks) {
  auto shown = std::make_unique<plan::TableDefinition>(table);
  if (shown->format == "table") {
    shown->format = "json";
    shown->options.clear();
  }
  const auto entries = format_entries();
  const auto format = std::find_if(entries.begin(), entries.end(), [&](const FormatEntry& entry) {
    return entry.spec.name == shown->format;
  });
  if (format == entries.end() || format->make_encoder == nullptr) {
    return fail(ErrorCode::Unsupported,
                fmt::format("table \"{}\": format '{}' cannot be written", table.name, shown->format));
  }
  DART_TRY(auto encoder, format->make_encoder(*shown));
  return std::make_unique<LineSink>(std::move(shown), std::move(encoder), std::move(take), clocks);
}

}  // namespace dart::connectors
