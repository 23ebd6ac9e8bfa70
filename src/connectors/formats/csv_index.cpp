#include "connectors/formats/csv_index.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.hpp"
#include "connectors/formats/byte_masks.hpp"

namespace dart::connectors {

void CsvIndex::build(const char* bytes, std::size_t size, bool last) {
  DART_CHECK(size < UINT32_MAX);
  if (ends_.size() < 128) ends_.resize(128);
  ends_[0] = UINT32_MAX;
  count_ = 1;
  records_.assign(1, 0);
  unterminated_ = has_quotes_ = has_non_ascii_ = false;
  const bool in_quotes =
      dialect_.escape == dialect_.quote ? scan<FastScanner>(bytes, size) : scan_escaped(bytes, size);
  rest_ = begin_of(ends_[records_.back()]);
  if (last && rest_ < size) {
    append(1, 1, size);
    rest_ = size;
    unterminated_ = in_quotes;
  }
}

// Doubled quotes turn quoting off and on again at once, so that which quotes are doubled need not be known
// here.
template <class Scanner>
bool CsvIndex::scan(const char* bytes, std::size_t size) {
  Scanner scanner(dialect_.delimiter, '\n', dialect_.quote);
  std::uint64_t quoted = 0;  // all ones while inside quotes
  for (std::size_t offset = 0; offset < size; offset += 64) {
    ByteMasks masks{};
    if (const std::size_t left = size - offset; left >= 64) {
      masks = scanner.scan(bytes + offset);
    } else {
      char tail[64] = {};
      std::memcpy(tail, bytes + offset, left);
      masks = scanner.scan(tail);
      // Zeros behind the end match nothing: no wanted byte is a zero.
    }
    std::uint64_t outside = ~std::uint64_t{0};
    if ((masks.quote | quoted) != 0) {
      has_quotes_ = true;
      const std::uint64_t inside = prefix_xor(masks.quote) ^ quoted;
      quoted = (inside >> 63) != 0 ? ~std::uint64_t{0} : 0;
      outside = ~inside;
    }
    append((masks.delimiter | masks.newline) & outside, masks.newline & outside, offset);
  }
  has_non_ascii_ = scanner.saw_non_ascii();
  return quoted != 0;
}

bool CsvIndex::scan_escaped(const char* bytes, std::size_t size) {
  bool quoted = false;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = bytes[i];
    if (static_cast<unsigned char>(c) >= 0x80) has_non_ascii_ = true;
    if (quoted) {
      if (c == dialect_.escape && i + 1 < size &&
          (bytes[i + 1] == dialect_.quote || bytes[i + 1] == dialect_.escape)) {
        ++i;
      } else if (c == dialect_.quote) {
        quoted = false;
      }
    } else if (c == dialect_.quote) {
      quoted = has_quotes_ = true;
    } else if (c == dialect_.delimiter || c == '\n') {
      append(1, c == '\n' ? 1 : 0, i);
    }
  }
  return quoted;
}

void CsvIndex::append(std::uint64_t ends, std::uint64_t newlines, std::size_t offset) {
  if (count_ + 72 > ends_.size()) ends_.resize(ends_.size() * 2);
  for (; newlines != 0; newlines &= newlines - 1) {
    const std::uint64_t before = ends & ((newlines & (~newlines + 1)) - 1);
    records_.push_back(static_cast<std::uint32_t>(count_) +
                       static_cast<std::uint32_t>(std::popcount(before)));
  }
  // Eight at a time whether or not there are that many: cheaper than a branch that is guessed wrong in every
  // word.
  std::uint32_t* out = ends_.data() + count_;
  const auto base = static_cast<std::uint32_t>(offset);
  count_ += static_cast<std::size_t>(std::popcount(ends));
  while (ends != 0) {
    for (int i = 0; i < 8; ++i) {
      out[i] = base + static_cast<std::uint32_t>(std::countr_zero(ends));
      ends &= ends - 1;
    }
    out += 8;
  }
}

}  // namespace dart::connectors
