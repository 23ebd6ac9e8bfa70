#include "connectors/file_connector.hpp"

#include "connectors/file_bytes.hpp"
#include "connectors/option_reader.hpp"
#include "connectors/paced_source.hpp"

namespace dart::connectors {

ConnectorEntry file_connector() {
  using columnar::TypeId;
  ConnectorEntry entry;
  entry.spec.name = "file";
  entry.spec.is_source = entry.spec.is_sink = true;
  entry.spec.options = {
      {"path", TypeId::Text, true, {}, "from the current folder; '-' is standard input or output"},
  };
  for (const plan::OptionSpec& option : pacing_options()) entry.spec.options.push_back(option);
  entry.spec.bounded = [](const plan::Options&) { return true; };
  entry.open_bytes = [](const plan::TableDefinition& table) -> Result<std::unique_ptr<ByteSource>> {
    DART_TRY(const std::string path, OptionReader(table).required_text("path"));
    return open_file_for_reading(path);
  };
  entry.is_live = [](const plan::TableDefinition& table) {
    const auto path = OptionReader(table).required_text("path");
    return path && comes_once(*path);
  };
  entry.create_bytes = [](const plan::TableDefinition& table,
                          SinkStart start) -> Result<std::unique_ptr<ByteSink>> {
    DART_TRY(const std::string path, OptionReader(table).required_text("path"));
    return open_file_for_writing(path, start);
  };
  return entry;
}

}  // namespace dart::connectors
