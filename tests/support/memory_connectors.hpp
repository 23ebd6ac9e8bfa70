#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/connector.hpp"
#include "plan/catalogue.hpp"
#include "support/row_bag.hpp"

namespace dart::support {

/// One row that a sink was given.
struct Written {
  Cells row;
  std::int64_t weight = 1;
  std::optional<std::int64_t> step;  ///< where the chunk told it
  std::int64_t progress_first = 0;
  std::int64_t progress_last = 0;
};

/// Names the connector `memory`, a bounded source and a sink without a format: what compiling needs.
[[nodiscard]] plan::Catalogue memory_catalogue();

/// Sources that read rows held in memory and sinks that keep what they are given, by table name.
class MemoryConnectors : public engine::ConnectorFactory {
 public:
  /// Rows with all columns of the table; one that the source hands out as bad is an empty Cells.
  std::map<std::string, std::vector<Cells>> inputs;
  std::map<std::string, std::vector<Written>> outputs;

  [[nodiscard]] Result<std::unique_ptr<engine::Source>> open_source(
      const engine::ReadRequest& request) override;
  [[nodiscard]] Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override;
};

}  // namespace dart::support
