#include "connectors/formats/json_format.hpp"

#include "connectors/formats/json_decoder.hpp"
#include "connectors/formats/json_encoder.hpp"

namespace dart::connectors {

FormatEntry json_format() {
  FormatEntry entry;
  entry.spec.name = "json";
  entry.spec.reads = entry.spec.writes = true;
  entry.make_decoder = [](const DecodeRequest& request) -> Result<std::unique_ptr<Decoder>> {
    return std::make_unique<JsonDecoder>(request);
  };
  entry.make_encoder = [](const plan::TableDefinition& table) -> Result<std::unique_ptr<Encoder>> {
    return std::make_unique<JsonEncoder>(table);
  };
  return entry;
}

}  // namespace dart::connectors
