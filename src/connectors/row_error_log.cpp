#include "connectors/row_error_log.hpp"

namespace dart::connectors {

void RowErrorLog::add(std::int64_t seq, std::string_view column, std::string_view reason,
                      std::string_view value) {
  std::string key(reason);
  if (counts_.size() >= kReasons && !counts_.contains(key)) key = "other reasons";
  ++counts_[std::move(key)];
  if (samples_.size() < kSamples) {
    samples_.push_back(
        {seq, std::string(column), std::string(reason), std::string(value.substr(0, kSampleBytes))});
  }
}

}  // namespace dart::connectors
