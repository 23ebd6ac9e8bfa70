#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/connector.hpp"

namespace dart::connectors {

/// Bad rows of one source: counts by reason, and the first few in full. Both are bounded, whatever the input
/// holds.
class RowErrorLog {
 public:
  static constexpr std::size_t kReasons = 64;
  static constexpr std::size_t kSamples = 5;
  static constexpr std::size_t kSampleBytes = 80;

  void add(std::int64_t seq, std::string_view column, std::string_view reason, std::string_view value);

  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const { return counts_; }
  [[nodiscard]] std::span<const engine::RowErrorSample> samples() const { return samples_; }

 private:
  std::map<std::string, std::uint64_t> counts_;
  std::vector<engine::RowErrorSample> samples_;
};

}  // namespace dart::connectors
