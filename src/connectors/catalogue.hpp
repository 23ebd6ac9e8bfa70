#pragma once

#include <memory>
#include <span>

#include "connectors/connector_entry.hpp"
#include "engine/connector.hpp"
#include "plan/catalogue.hpp"

namespace dart::connectors {

/// Every connector of this binary: a new one is a file and a line in the list.
[[nodiscard]] std::span<const ConnectorEntry> connector_entries();
/// Every format of this binary.
[[nodiscard]] std::span<const FormatEntry> format_entries();

/// Both lists as values, for the binder.
[[nodiscard]] plan::Catalogue catalogue();

/// Whether the rows of a table come once, to whoever reads at that time: of two readers, each would get a
/// part.
[[nodiscard]] bool is_live(const plan::TableDefinition& table);

/// Makes the sources and sinks that tables name. Errors name the table, or the file.
class Factory : public engine::ConnectorFactory {
 public:
  explicit Factory(Clocks clocks = system_clocks()) : clocks_(std::move(clocks)) {}

  [[nodiscard]] Result<std::unique_ptr<engine::Source>> open_source(
      const engine::ReadRequest& request) override;
  [[nodiscard]] Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override {
    return open_sink(table, SinkStart::Anew);
  }
  [[nodiscard]] Result<std::unique_ptr<engine::Sink>> reopen_sink(
      const plan::TableDefinition& table) override {
    return open_sink(table, SinkStart::Append);
  }

 private:
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table, SinkStart start);

  Clocks clocks_;
};

}  // namespace dart::connectors
