#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/connector.hpp"

namespace dart::runtime {

/// Whether a table's rows come once, for all who read at that time, and do not end.
using IsLive = std::function<bool(const plan::TableDefinition& table)>;

/// The connectors of a node, whose instances of different queries share one reader of a live table. Each gets
/// every row from when it joined on; the slowest holds the others back. Who reads other columns than those
/// that read already is refused: errors in columns that a query does not read are none of its business, and a
/// second reader would take rows away. What can be read from the beginning again has a reader for each. From
/// any thread.
class SharedSources final : public engine::ConnectorFactory {
 public:
  SharedSources(engine::ConnectorFactory& others, IsLive is_live)
      : others_(others), is_live_(std::move(is_live)) {}

  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override;
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override {
    return others_.open_sink(table);
  }
  Result<std::unique_ptr<engine::Sink>> reopen_sink(const plan::TableDefinition& table) override {
    return others_.reopen_sink(table);
  }

 private:
  class Reader;
  class Share;

  engine::ConnectorFactory& others_;
  IsLive is_live_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Reader>> readers_;  // by table
};

}  // namespace dart::runtime
