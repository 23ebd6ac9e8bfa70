#include "sim/churn_trace.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <string>

namespace dart::sim {

namespace {

constexpr double kLongestS = 1e8;
constexpr std::size_t kMostNodes = 100'000;

class Reader {
 public:
  Result<ChurnTrace> read(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.empty() || line.front() == '#') continue;
      if (const auto wrong = take(line))
        return fail(ErrorCode::Data, fmt::format("line {}: {}", line_, *wrong));
    }
    if (trace_.first == 0) return fail(ErrorCode::Data, "no line brings a node up");
    trace_.nodes = static_cast<std::uint32_t>(nodes_.size());
    return std::move(trace_);
  }

 private:
  struct Node {
    std::uint32_t number = 0;
    bool up = false;
  };

  /// What is wrong with the line, if anything.
  std::optional<std::string> take(std::string_view line) {
    const std::size_t first = line.find(',');
    const std::size_t second = first == std::string_view::npos ? first : line.find(',', first + 1);
    if (second == std::string_view::npos || line.find(',', second + 1) != std::string_view::npos) {
      return fmt::format("'{}' is not seconds,node,up or down", line);
    }
    const std::string_view number = line.substr(0, first);
    const std::string_view name = line.substr(first + 1, second - first - 1);
    const std::string_view what = line.substr(second + 1);
    double seconds = 0;
    const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), seconds);
    if (error != std::errc{} || rest != number.data() + number.size() ||
        !(seconds >= 0 && seconds <= kLongestS)) {
      return fmt::format("'{}' is no number of seconds", number);
    }
    if (name.empty()) return "the node has no name";
    if (what != "up" && what != "down") return fmt::format("'{}' is neither up nor down", what);
    const auto at_us = static_cast<std::int64_t>(seconds * 1e6);
    if (at_us < last_us_) return fmt::format("{} seconds come before the line above", number);
    last_us_ = at_us;
    return what == "up" ? start(at_us, name) : end(at_us, name);
  }

  std::optional<std::string> start(std::int64_t at_us, std::string_view name) {
    const auto [found, added] = nodes_.try_emplace(std::string(name));
    Node& node = found->second;
    if (node.up) return fmt::format("node '{}' is up already", name);
    if (added && nodes_.size() > kMostNodes) return fmt::format("more than {} nodes", kMostNodes);
    if (added) node.number = static_cast<std::uint32_t>(nodes_.size() - 1);
    node.up = true;
    ++up_;
    if (at_us == 0 && trace_.events.empty()) {
      ++trace_.first;
      return std::nullopt;
    }
    if (trace_.first == 0) return "the first node must be up at 0 seconds";
    trace_.events.push_back({at_us, node.number, true});
    return std::nullopt;
  }

  std::optional<std::string> end(std::int64_t at_us, std::string_view name) {
    const auto found = nodes_.find(name);
    if (found == nodes_.end() || !found->second.up) return fmt::format("node '{}' is not up", name);
    if (up_ == 1) return fmt::format("node '{}' is the last one", name);
    found->second.up = false;
    --up_;
    trace_.events.push_back({at_us, found->second.number, false});
    return std::nullopt;
  }

  ChurnTrace trace_;
  std::map<std::string, Node, std::less<>> nodes_;
  std::size_t line_ = 0;
  std::size_t up_ = 0;
  std::int64_t last_us_ = 0;
};

}  // namespace

Result<ChurnTrace> read_churn_trace(std::string_view text) { return Reader().read(text); }

}  // namespace dart::sim
