#include "runtime/query/output_connectors.hpp"

#include <fmt/format.h>

#include <utility>

namespace dart::runtime {

namespace {

/// A writer of lines that says when it is done.
class ShownSink final : public engine::Sink {
 public:
  ShownSink(std::unique_ptr<engine::Sink> lines, std::shared_ptr<QueryOutput::Writer> writer)
      : lines_(std::move(lines)), writer_(std::move(writer)) {}

  Status write(const columnar::Chunk& chunk, const engine::Progress& progress) override {
    return lines_->write(chunk, progress);
  }
  Status flush() override { return lines_->flush(); }
  Status finish() override {
    DART_TRY_STATUS(lines_->finish());
    writer_->finish_sink();
    return {};
  }
  std::uint64_t rows_written() const override { return lines_->rows_written(); }
  const DelayHistogram* delays() const override { return lines_->delays(); }

 private:
  std::unique_ptr<engine::Sink> lines_;
  std::shared_ptr<QueryOutput::Writer> writer_;
};

}  // namespace

bool is_shown(const plan::TableDefinition& table) {
  if (table.connector == "stdout") return true;
  if (table.connector != "file") return false;
  const columnar::Value* path = plan::find_option(table.options, "path");
  return path != nullptr && !path->is_null() && path->text() == "-";
}

Result<std::unique_ptr<engine::Source>> OutputConnectors::open_source(const engine::ReadRequest& request) {
  const plan::TableDefinition& table = *request.table;
  if (table.connector == "stdin" || is_shown(table)) {
    return fail(ErrorCode::Unsupported,
                fmt::format("table \"{}\" reads the standard input, which a node does not have", table.name),
                std::nullopt, "name a file, or run the query by dart run");
  }
  return others_.open_source(request);
}

Result<std::unique_ptr<engine::Sink>> OutputConnectors::open_sink(const plan::TableDefinition& table) {
  if (!is_shown(table)) return goes_on_ ? others_.reopen_sink(table) : others_.open_sink(table);
  if (!open_lines_) {
    return fail(ErrorCode::Unsupported, fmt::format("table \"{}\": this node shows no rows", table.name));
  }
  DART_TRY(auto lines,
           open_lines_(table, [writer = writer_](std::string_view line) { writer->write(line); }));
  writer_->open_sink();
  return std::make_unique<ShownSink>(std::move(lines), writer_);
}

}  // namespace dart::runtime
