#include "connectors/blackhole_connector.hpp"

#include <utility>

namespace dart::connectors {

namespace {

class BlackholeSink : public engine::Sink {
 public:
  explicit BlackholeSink(Clocks clocks) : clocks_(std::move(clocks)) {}

  Status write(const columnar::Chunk& chunk, const engine::Progress& progress) override {
    const TimePoint now = clocks_.monotonic();
    const std::int64_t* steps = chunk.step_data();
    if (steps == nullptr) delays_.record((now - progress.origin_first).us, chunk.rows);
    for (std::size_t row = 0; steps != nullptr && row < chunk.rows; ++row) {
      delays_.record((now - progress.origin(steps[row])).us);
    }
    rows_ += chunk.rows;
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  std::uint64_t rows_written() const override { return rows_; }
  const DelayHistogram* delays() const override { return &delays_; }

 private:
  Clocks clocks_;
  DelayHistogram delays_;
  std::uint64_t rows_ = 0;
};

}  // namespace

ConnectorEntry blackhole_connector() {
  ConnectorEntry entry;
  entry.spec.name = "blackhole";
  entry.spec.is_sink = true;
  entry.spec.takes_format = false;
  entry.spec.upserts = true;
  entry.create_rows = [](const plan::TableDefinition&,
                         const Clocks& clocks) -> Result<std::unique_ptr<engine::Sink>> {
    return std::make_unique<BlackholeSink>(clocks);
  };
  return entry;
}

}  // namespace dart::connectors
