#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/generators/zipf.hpp"

namespace dart::connectors {

/// The benchmark stream `words`: row i (from 0) is a word drawn from a fixed vocabulary of 9,967 words of 3
/// to 12 letters by Zipf's law (the word of rank r with weight 1/r). A pure function of i.
class Words {
 public:
  Words();

  /// By rank, the most frequent first.
  [[nodiscard]] const std::vector<std::string>& vocabulary() const { return vocabulary_; }
  /// The rank of row i's word: a place in the vocabulary.
  [[nodiscard]] std::size_t rank_at(std::uint64_t i) const;

 private:
  std::vector<std::string> vocabulary_;
  Zipf zipf_;
};

}  // namespace dart::connectors
