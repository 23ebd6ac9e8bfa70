#include "connectors/generators/word_generator.hpp"

#include <algorithm>
#include <utility>

namespace dart::connectors {

namespace {

constexpr std::uint64_t kWordsDrawn = 10'000;

std::string make_word(std::uint64_t w) {
  std::uint64_t h = mix64(w + 77'777'777);
  std::string word(3 + h % 10, ' ');
  h /= 10;
  for (std::size_t letter = 0; letter < word.size(); ++letter) {
    word[letter] = static_cast<char>('a' + h % 26);
    // 64 bits do not hold twelve letters.
    h = letter == 6 ? mix64(w + 999) : h / 26;
  }
  return word;
}

std::vector<std::string> make_vocabulary() {
  std::vector<std::string> words;
  for (std::uint64_t w = 0; w < kWordsDrawn; ++w) words.push_back(make_word(w));
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  for (std::size_t i = words.size() - 1; i > 0; --i) std::swap(words[i], words[mix64(i + 5) % (i + 1)]);
  return words;
}

}  // namespace

WordGenerator::WordGenerator(std::uint64_t seed)
    : offset_(seed << 40),
      vocabulary_(std::make_shared<const std::vector<std::string>>(make_vocabulary())),
      zipf_(vocabulary_->size(), 1.0) {}

}  // namespace dart::connectors
