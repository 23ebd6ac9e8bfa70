#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/connector.hpp"
#include "placement/port.hpp"

namespace dart::sim {

/// The rows of the gateways of a random run: (gateway bigint, k bigint, ts timestamp, v bigint), the same at
/// every reading. Row k of gateway g is due k * 20 ms after reading began and has the time k seconds + a few;
/// rows of several gateways share times, so that tie_break = 'gateway, k' has work.
struct Feed {
  std::uint32_t gateways = 0;
  std::uint32_t rows = 0;  ///< of each
};

/// A row that a sink was given, as text, and by whom.
struct SunkRow {
  std::string text;
  std::uint64_t run = 0;
  std::uint64_t epoch = 0;
  std::uint32_t number = 0;  ///< of the instance
};
using Sunk = std::function<void(SunkRow)>;

/// Opens the feed of one gateway (kAllGateways: of all, in the order of the table) and sinks that hand each
/// row on.
inline constexpr std::uint32_t kAllGateways = UINT32_MAX;
[[nodiscard]] std::unique_ptr<engine::ConnectorFactory> feed_connectors(const Feed& feed,
                                                                        std::uint32_t gateway,
                                                                        std::uint64_t run,
                                                                        std::uint64_t epoch,
                                                                        std::uint32_t number, Sunk sunk);

/// What one process makes of all gateways' rows: the texts of the rows of its sink.
[[nodiscard]] std::vector<std::string> rows_of_one_process(const Feed& feed, const std::string& program);

}  // namespace dart::sim
