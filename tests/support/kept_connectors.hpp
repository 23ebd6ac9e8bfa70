#pragma once

#include <memory>
#include <vector>

#include "engine/connector.hpp"

namespace dart::support {

/// The connectors of another factory, each opened once: after `again` the same readers and writers are handed
/// out anew, in the same order, as if they had been opened where the last ones stopped.
class KeptConnectors : public engine::ConnectorFactory {
 public:
  explicit KeptConnectors(engine::ConnectorFactory& real) : real_(real) {}

  void again() { next_source_ = next_sink_ = 0; }

  [[nodiscard]] Result<std::unique_ptr<engine::Source>> open_source(
      const engine::ReadRequest& request) override {
    if (next_source_ == sources_.size()) {
      DART_TRY(auto source, real_.open_source(request));
      sources_.push_back(std::move(source));
    }
    return std::make_unique<SharedSource>(sources_[next_source_++]);
  }
  [[nodiscard]] Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override {
    if (next_sink_ == sinks_.size()) {
      DART_TRY(auto sink, real_.open_sink(table));
      sinks_.push_back(std::move(sink));
    }
    return std::make_unique<SharedSink>(sinks_[next_sink_++]);
  }

 private:
  class SharedSource : public engine::Source {
   public:
    explicit SharedSource(std::shared_ptr<engine::Source> source) : source_(std::move(source)) {}
    [[nodiscard]] Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows,
                                                   columnar::Chunk& out) override {
      return source_->read(now, max_rows, out);
    }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& errors() const override {
      return source_->errors();
    }
    [[nodiscard]] int ready_fd() const override { return source_->ready_fd(); }

   private:
    std::shared_ptr<engine::Source> source_;
  };
  class SharedSink : public engine::Sink {
   public:
    explicit SharedSink(std::shared_ptr<engine::Sink> sink) : sink_(std::move(sink)) {}
    [[nodiscard]] Status write(const columnar::Chunk& chunk, const engine::Progress& progress) override {
      return sink_->write(chunk, progress);
    }
    [[nodiscard]] Status flush() override { return sink_->flush(); }
    [[nodiscard]] Status finish() override { return sink_->finish(); }
    [[nodiscard]] std::uint64_t rows_written() const override { return sink_->rows_written(); }

   private:
    std::shared_ptr<engine::Sink> sink_;
  };

  engine::ConnectorFactory& real_;
  std::vector<std::shared_ptr<engine::Source>> sources_;
  std::vector<std::shared_ptr<engine::Sink>> sinks_;
  std::size_t next_source_ = 0;
  std::size_t next_sink_ = 0;
};

}  // namespace dart::support
