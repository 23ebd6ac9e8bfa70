#include "support/memory_connectors.hpp"

#include <algorithm>

#include "plan/plan.hpp"

namespace dart::support {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using columnar::Vector;

namespace {

class MemorySource : public engine::Source {
 public:
  MemorySource(const engine::ReadRequest& request, const std::vector<Cells>& rows)
      : request_(request), rows_(rows) {}

  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, Chunk& out) override {
    engine::ReadOutcome outcome;
    outcome.origin_first = outcome.origin_last = now;
    std::vector<std::size_t> good;
    outcome.first_seq = static_cast<std::int64_t>(next_) + 1;
    while (next_ < rows_.size() && good.size() < max_rows) {
      if (rows_[next_].empty()) {
        ++errors_["bad row"];
      } else {
        good.push_back(next_);
      }
      ++next_;
    }
    outcome.last_seq = static_cast<std::int64_t>(next_);
    outcome.rows = good.size();
    outcome.end = next_ == rows_.size();
    fill(good, out);
    return outcome;
  }
  const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }

 private:
  void fill(const std::vector<std::size_t>& good, Chunk& out) const {
    out.rows = good.size();
    out.columns.resize(request_.columns.size());
    for (std::size_t c = 0; c < request_.columns.size(); ++c) {
      const std::uint32_t column = request_.columns[c];
      out.columns[c].reset(request_.table->columns[column].type, good.size());
      for (std::size_t r = 0; r < good.size(); ++r) out.columns[c].set_value(r, rows_[good[r]][column]);
    }
    if (!request_.want_steps) return;
    out.steps.reset(LogicalType::of(TypeId::BigInt), good.size());
    for (std::size_t r = 0; r < good.size(); ++r) {
      out.steps.mutable_data<std::int64_t>()[r] = static_cast<std::int64_t>(good[r]) + 1;
    }
  }

  engine::ReadRequest request_;
  const std::vector<Cells>& rows_;
  std::size_t next_ = 0;
  std::map<std::string, std::uint64_t> errors_;
};

class MemorySink : public engine::Sink {
 public:
  explicit MemorySink(std::vector<Written>& written) : written_(written) {}

  Status write(const Chunk& chunk, const engine::Progress& progress) override {
    const std::int64_t* steps = chunk.step_data();
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      Written row;
      for (const Vector& column : chunk.columns) row.row.push_back(column.value(r));
      row.weight = chunk.weight(r);
      if (steps != nullptr) row.step = steps[r];
      row.progress_first = progress.first;
      row.progress_last = progress.last;
      written_.push_back(std::move(row));
    }
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  std::uint64_t rows_written() const override { return written_.size(); }

 private:
  std::vector<Written>& written_;
};

}  // namespace

plan::Catalogue memory_catalogue() {
  plan::ConnectorSpec memory;
  memory.name = "memory";
  memory.is_source = memory.is_sink = true;
  memory.takes_format = false;
  memory.bounded = [](const plan::Options&) { return true; };
  return {{memory}, {}};
}

Result<std::unique_ptr<engine::Source>> MemoryConnectors::open_source(const engine::ReadRequest& request) {
  return std::make_unique<MemorySource>(request, inputs[request.table->name]);
}

Result<std::unique_ptr<engine::Sink>> MemoryConnectors::open_sink(const plan::TableDefinition& table) {
  return std::make_unique<MemorySink>(outputs[table.name]);
}

}  // namespace dart::support
