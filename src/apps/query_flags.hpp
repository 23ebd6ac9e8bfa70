#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace dart::apps {

/// The subcommands `query`, `stream` and `top` with their flags.
class QueryFlags {
 public:
  explicit QueryFlags(CLI::App& app);
  ~QueryFlags();
  QueryFlags(const QueryFlags&) = delete;
  QueryFlags& operator=(const QueryFlags&) = delete;

  /// Whether one of them was given; after parsing.
  [[nodiscard]] bool chosen() const;
  /// Runs it. Returns the exit code.
  [[nodiscard]] int run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dart::apps
