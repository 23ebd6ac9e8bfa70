#pragma once

#include <functional>
#include <memory>

#include "engine/connector.hpp"
#include "runtime/query/query_output.hpp"

namespace dart::runtime {

/// Makes the writer of a table whose rows are shown and not written: hands each row, in the table's format,
/// to `line`. From the roof, which knows the formats.
using OpenLines = std::function<Result<std::unique_ptr<engine::Sink>>(
    const plan::TableDefinition& table, std::function<void(std::string_view)> line)>;

/// Whether rows of the table go to the standard output, which a node does not have.
[[nodiscard]] bool is_shown(const plan::TableDefinition& table);

/// The connectors of one instance: writers to the standard output are writers of the query's output. One that
/// goes on where another stood keeps what that one has written.
class OutputConnectors final : public engine::ConnectorFactory {
 public:
  OutputConnectors(engine::ConnectorFactory& others, const OpenLines& open_lines,
                   std::shared_ptr<QueryOutput::Writer> writer, bool goes_on)
      : others_(others), open_lines_(open_lines), writer_(std::move(writer)), goes_on_(goes_on) {}

  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override;
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override;

 private:
  engine::ConnectorFactory& others_;
  const OpenLines& open_lines_;
  std::shared_ptr<QueryOutput::Writer> writer_;
  bool goes_on_;
};

}  // namespace dart::runtime
