#include "connectors/formats/csv_format.hpp"

#include "connectors/formats/csv_decoder.hpp"
#include "connectors/formats/csv_encoder.hpp"

namespace dart::connectors {

namespace {

Result<std::unique_ptr<Decoder>> make_decoder(const DecodeRequest& request) {
  DART_TRY(const CsvDialect dialect, csv_dialect(*request.table));
  return std::make_unique<CsvDecoder>(request, dialect);
}

Result<std::unique_ptr<Encoder>> make_encoder(const plan::TableDefinition& table) {
  DART_TRY(const CsvDialect dialect, csv_dialect(table));
  return std::make_unique<CsvEncoder>(table, dialect);
}

}  // namespace

FormatEntry csv_format() {
  using columnar::TypeId;
  FormatEntry entry;
  entry.spec.name = "csv";
  entry.spec.reads = entry.spec.writes = true;
  entry.spec.options = {
      {"header", TypeId::Bool, false, {}, "the first line holds the columns' names (default false)"},
      {"delimiter", TypeId::Text, false, {}, "one byte between fields (default ',')"},
      {"quote", TypeId::Text, false, {}, "one byte around fields that need it (default '\"')"},
      {"escape", TypeId::Text, false, {}, "one byte before a quote inside quotes (default: the quote)"},
      {"null", TypeId::Text, false, {}, "the unquoted text that stands for NULL (default: nothing)"},
  };
  entry.make_decoder = make_decoder;
  entry.make_encoder = make_encoder;
  return entry;
}

}  // namespace dart::connectors
