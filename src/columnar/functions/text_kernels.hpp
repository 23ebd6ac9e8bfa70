#pragma once

#include <string>
#include <string_view>

#include "columnar/kernels.hpp"

/// What functions on text share.
namespace dart::columnar {

/// Longest text that a function builds; longer ones are row errors.
inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 28;
inline constexpr const char* kTextTooLong = "requested length too large";

/// Visits the rows that are not NULL: f(text, arguments...) appends the row's result to `text` (empty before)
/// and returns null, or the reason why the row failed.
template <class... Args, class F>
void text_rows(const KernelCall& call, F f) {
  StringHeap& heap = call.out.heap();
  std::string text;
  each_row<StringRef, Args...>(call, [&](StringRef& r, const Args&... arguments) -> const char* {
    text.clear();
    const char* const reason = f(text, arguments...);
    if (reason != nullptr) return reason;
    if (text.size() > kMaxTextBytes) return kTextTooLong;
    r = heap.add(text);
    return nullptr;
  });
}

/// Appends the text form of a cell that is not NULL, as PostgreSQL's output functions (booleans as t / f).
void append_cell(const Vector& vector, std::size_t row, std::string& out);

}  // namespace dart::columnar
