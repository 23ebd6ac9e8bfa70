#pragma once

#include <memory>

#include "support/memory_connectors.hpp"

namespace dart::support {

/// The connectors of another factory, but what goes to `stdout` is kept in `captured.outputs`.
class CapturingConnectors : public engine::ConnectorFactory {
 public:
  explicit CapturingConnectors(engine::ConnectorFactory& real) : real_(real) {}

  MemoryConnectors captured;

  [[nodiscard]] Result<std::unique_ptr<engine::Source>> open_source(
      const engine::ReadRequest& request) override {
    return real_.open_source(request);
  }
  [[nodiscard]] Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override {
    return table.connector == "stdout" ? captured.open_sink(table) : real_.open_sink(table);
  }

 private:
  engine::ConnectorFactory& real_;
};

}  // namespace dart::support
