#include "connectors/generators/words.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"

namespace dart::connectors {

namespace {

constexpr std::uint64_t kDraws = 10'000;  // some of the drawn words are alike
constexpr std::size_t kGuideCells = 4096;

std::string make_word(std::uint64_t w) {
  std::uint64_t h = mix64(w + 77'777'777);
  const std::uint64_t length = 3 + h % 10;
  h /= 10;
  std::string word;
  for (std::uint64_t k = 0; k < length; ++k) {
    word.push_back(static_cast<char>('a' + h % 26));
    h /= 26;
    if (k == 6) h = mix64(w + 999);  // one draw holds no more letters
  }
  return word;
}

}  // namespace

Words::Words() {
  for (std::uint64_t w = 0; w < kDraws; ++w) vocabulary_.push_back(make_word(w));
  std::sort(vocabulary_.begin(), vocabulary_.end());
  vocabulary_.erase(std::unique(vocabulary_.begin(), vocabulary_.end()), vocabulary_.end());
  for (std::size_t i = vocabulary_.size() - 1; i > 0; --i) {
    std::swap(vocabulary_[i], vocabulary_[mix64(i + 5) % (i + 1)]);
  }
  double sum = 0;
  for (std::size_t r = 1; r <= vocabulary_.size(); ++r) {
    sum += 1.0 / static_cast<double>(r);
    cumulative_.push_back(sum);
  }
  for (std::size_t cell = 0; cell < kGuideCells; ++cell) {
    const double least = sum * static_cast<double>(cell) / static_cast<double>(kGuideCells);
    const auto first = std::lower_bound(cumulative_.begin(), cumulative_.end(), least);
    guide_.push_back(static_cast<std::uint32_t>(first - cumulative_.begin()));
  }
}

std::size_t Words::rank_at(std::uint64_t i) const {
  const double unit = static_cast<double>(mix64(i + 31337) >> 11) * 0x1.0p-53;
  const double u = unit * cumulative_.back();
  // Rounding of the guide's bounds can put it one rank too far, never more.
  std::size_t rank = guide_[static_cast<std::size_t>(unit * static_cast<double>(kGuideCells))];
  if (rank > 0) --rank;
  while (cumulative_[rank] < u) ++rank;
  return rank;
}

}  // namespace dart::connectors
