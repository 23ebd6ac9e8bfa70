#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "connectors/generators/zipf.hpp"

namespace dart::connectors {

/// generator = 'words': words of 3 to 12 letters drawn by Zipf's law from a vocabulary of about 10,000. A
/// pure function of the row's number.
class WordGenerator {
 public:
  /// Other seeds draw other words from the same vocabulary.
  explicit WordGenerator(std::uint64_t seed = 0);

  [[nodiscard]] static constexpr EventTime ts(std::uint64_t i) { return static_cast<EventTime>(10 * i); }
  [[nodiscard]] std::size_t rank(std::uint64_t i) const {
    return zipf_.rank(static_cast<double>(mix64(i + 31337 + offset_) >> 11) * 0x1.0p-53);
  }
  [[nodiscard]] const std::string& word(std::uint64_t i) const { return (*vocabulary_)[rank(i)]; }
  /// By rank, the most frequent first.
  [[nodiscard]] const std::shared_ptr<const std::vector<std::string>>& vocabulary() const {
    return vocabulary_;
  }

 private:
  std::uint64_t offset_;
  std::shared_ptr<const std::vector<std::string>> vocabulary_;
  Zipf zipf_;
};

}  // namespace dart::connectors
