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

/// The connectors of a node, whose instances of different queries share one reader of a live table: those
/// that read the same columns (others must not hear of errors in columns that they do not read). Each gets
/// every row from when it joined on; the slowest holds the others back. What is bounded can be read from the
/// beginning again, so everybody has a reader of their own. From any thread.
class SharedSources final : public engine::ConnectorFactory {
 public:
  SharedSources(engine::ConnectorFactory& others, IsLive is_live)
      : others_(others), is_live_(std::move(is_live)) {}

  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override;
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override {
    return others_.open_sink(table);
  }

 private:
  class Reader;
  class Share;

  engine::ConnectorFactory& others_;
  IsLive is_live_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Reader>> readers_;  // by table and columns
};

}  // namespace dart::runtime
