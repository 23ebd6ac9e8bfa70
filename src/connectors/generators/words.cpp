#include "connectors/generators/words.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"

namespace dart::connectors {

namespace {

constexpr std::uint64_t kDraws = 10'000;  // some of the drawn words are alike

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

std::vector<std::string> make_vocabulary() {
  std::vector<std::string> words;
  for (std::uint64_t w = 0; w < kDraws; ++w) words.push_back(make_word(w));
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  for (std::size_t i = words.size() - 1; i > 0; --i) std::swap(words[i], words[mix64(i + 5) % (i + 1)]);
  return words;
}

}  // namespace

Words::Words() : vocabulary_(make_vocabulary()), zipf_(vocabulary_.size(), 1.0) {}

std::size_t Words::rank_at(std::uint64_t i) const {
  return zipf_.rank(static_cast<double>(mix64(i + 31337) >> 11) * 0x1.0p-53);
}

}  // namespace dart::connectors
