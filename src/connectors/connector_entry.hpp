#pragma once

#include <memory>

#include "connectors/byte_stream.hpp"
#include "connectors/clocks.hpp"
#include "connectors/decoder.hpp"
#include "connectors/encoder.hpp"
#include "engine/connector.hpp"
#include "plan/catalogue.hpp"

namespace dart::connectors {

/// One entry of the list of connectors. A connector that takes a format gives and takes bytes; one that does
/// not makes rows itself. What it cannot do is null.
struct ConnectorEntry {
  plan::ConnectorSpec spec;

  using OpenBytes = Result<std::unique_ptr<ByteSource>> (*)(const plan::TableDefinition& table);
  using CreateBytes = Result<std::unique_ptr<ByteSink>> (*)(const plan::TableDefinition& table,
                                                            SinkStart start);
  using OpenRows = Result<std::unique_ptr<engine::Source>> (*)(const engine::ReadRequest& request,
                                                               const Clocks& clocks);
  using CreateRows = Result<std::unique_ptr<engine::Sink>> (*)(const plan::TableDefinition& table,
                                                               const Clocks& clocks);
  OpenBytes open_bytes = nullptr;
  CreateBytes create_bytes = nullptr;
  OpenRows open_rows = nullptr;
  CreateRows create_rows = nullptr;

  using IsLive = bool (*)(const plan::TableDefinition& table);
  IsLive is_live = nullptr;  ///< the rows come once, to whoever reads at that time; null: never so
};

/// One entry of the list of formats.
struct FormatEntry {
  plan::FormatSpec spec;

  using MakeDecoder = Result<std::unique_ptr<Decoder>> (*)(const DecodeRequest& request);
  using MakeEncoder = Result<std::unique_ptr<Encoder>> (*)(const plan::TableDefinition& table);
  MakeDecoder make_decoder = nullptr;
  MakeEncoder make_encoder = nullptr;
};

}  // namespace dart::connectors
