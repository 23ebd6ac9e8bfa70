#include "connectors/standard_connectors.hpp"

#include "connectors/file_bytes.hpp"

namespace dart::connectors {

ConnectorEntry stdin_connector() {
  ConnectorEntry entry;
  entry.spec.name = "stdin";
  entry.spec.is_source = true;
  entry.open_bytes = [](const plan::TableDefinition&) { return open_file_for_reading("-"); };
  entry.is_live = [](const plan::TableDefinition&) { return true; };
  return entry;
}

ConnectorEntry stdout_connector() {
  ConnectorEntry entry;
  entry.spec.name = "stdout";
  entry.spec.is_sink = true;
  entry.create_bytes = [](const plan::TableDefinition&, SinkStart start) {
    return open_file_for_writing("-", start);
  };
  return entry;
}

}  // namespace dart::connectors
