#include "connectors/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "connectors/blackhole_connector.hpp"
#include "connectors/datagen_connector.hpp"
#include "connectors/encoded_sink.hpp"
#include "connectors/file_connector.hpp"
#include "connectors/formats/csv_format.hpp"
#include "connectors/formats/json_format.hpp"
#include "connectors/formats/table_format.hpp"
#include "connectors/paced_source.hpp"
#include "connectors/record_source.hpp"
#include "connectors/standard_connectors.hpp"

namespace dart::connectors {

namespace {

/// The entry with this name, or an Error that lists the names there are.
template <class Entry>
Result<const Entry*> find_entry(std::span<const Entry> entries, std::string_view kind,
                                const std::string& name, const plan::TableDefinition& table) {
  std::string known;
  for (const Entry& entry : entries) {
    if (entry.spec.name == name) return &entry;
    known += (known.empty() ? "" : ", ") + entry.spec.name;
  }
  return fail(ErrorCode::Binding,
              fmt::format("table \"{}\": there is no {} '{}'; there are: {}", table.name, kind, name, known));
}

tl::unexpected<Error> cannot(const plan::TableDefinition& table, std::string_view what,
                             const std::string& name, std::string_view verb) {
  return fail(ErrorCode::Binding,
              fmt::format("table \"{}\": {} '{}' cannot be {}", table.name, what, name, verb));
}

bool is_paced(const ConnectorEntry& entry) {
  return std::any_of(entry.spec.options.begin(), entry.spec.options.end(),
                     [](const plan::OptionSpec& option) { return option.name == "rate"; });
}

Result<std::unique_ptr<engine::Source>> open_unpaced(const ConnectorEntry& entry,
                                                     const engine::ReadRequest& request,
                                                     const Clocks& clocks) {
  if (entry.open_rows != nullptr) return entry.open_rows(request, clocks);
  const plan::TableDefinition& table = *request.table;
  DART_TRY(const FormatEntry* format, find_entry(format_entries(), "format", table.format, table));
  if (format->make_decoder == nullptr) return cannot(table, "format", table.format, "read");
  DART_TRY(auto decoder, format->make_decoder({&table, request.columns}));
  DART_TRY(auto bytes, entry.open_bytes(table));
  return std::make_unique<RecordSource>(request, std::move(bytes), std::move(decoder), clocks);
}

}  // namespace

std::span<const ConnectorEntry> connector_entries() {
  static const std::vector<ConnectorEntry> kEntries = {
      file_connector(), stdin_connector(), stdout_connector(), datagen_connector(), blackhole_connector(),
  };
  return kEntries;
}

std::span<const FormatEntry> format_entries() {
  static const std::vector<FormatEntry> kEntries = {
      csv_format(),
      json_format(),
      table_format(),
  };
  return kEntries;
}

plan::Catalogue catalogue() {
  plan::Catalogue known;
  for (const ConnectorEntry& entry : connector_entries()) known.connectors.push_back(entry.spec);
  for (const FormatEntry& entry : format_entries()) known.formats.push_back(entry.spec);
  return known;
}

bool is_live(const plan::TableDefinition& table) {
  const auto entry = find_entry(connector_entries(), "connector", table.connector, table);
  return entry && (*entry)->is_live != nullptr && (*entry)->is_live(table);
}

Result<std::unique_ptr<engine::Source>> Factory::open_source(const engine::ReadRequest& request) {
  const plan::TableDefinition& table = *request.table;
  DART_TRY(const ConnectorEntry* entry, find_entry(connector_entries(), "connector", table.connector, table));
  if (!entry->spec.is_source) return cannot(table, "connector", table.connector, "read");
  if (!is_paced(*entry)) return open_unpaced(*entry, request, clocks_);
  DART_TRY(const Pace pace, read_pace(table));
  if (!pace.rate && !pace.replay_speed) return open_unpaced(*entry, request, clocks_);
  DART_TRY(auto inner, open_unpaced(*entry, PacedSource::paced_request(request, pace), clocks_));
  return std::make_unique<PacedSource>(request, pace, std::move(inner));
}

Result<std::unique_ptr<engine::Sink>> Factory::open_sink(const plan::TableDefinition& table,
                                                         SinkStart start) {
  DART_TRY(const ConnectorEntry* entry, find_entry(connector_entries(), "connector", table.connector, table));
  if (!entry->spec.is_sink) return cannot(table, "connector", table.connector, "written");
  if (entry->create_rows != nullptr) return entry->create_rows(table, clocks_);
  if (!table.primary_key.empty() && !table.op_column) {
    return fail(
        ErrorCode::Unsupported,
        fmt::format("table \"{}\": rows of a {} cannot be updated by their key", table.name, table.connector),
        std::nullopt, "leave PRIMARY KEY out, or add op_column to write every change as a row");
  }
  DART_TRY(const FormatEntry* format, find_entry(format_entries(), "format", table.format, table));
  if (format->make_encoder == nullptr) return cannot(table, "format", table.format, "written");
  DART_TRY(auto encoder, format->make_encoder(table));
  DART_TRY(auto bytes, entry->create_bytes(table, start));
  return std::make_unique<EncodedSink>(table, std::move(encoder), std::move(bytes), clocks_, start);
}

}  // namespace dart::connectors
