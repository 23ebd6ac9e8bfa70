#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace dart::apps {

/// The subcommands `cert`, `node` and `ring` with their flags.
class RingFlags {
 public:
  explicit RingFlags(CLI::App& app);
  ~RingFlags();
  RingFlags(const RingFlags&) = delete;
  RingFlags& operator=(const RingFlags&) = delete;

  /// Whether one of them was given; after parsing.
  [[nodiscard]] bool chosen() const;
  /// Runs it. Returns the exit code.
  [[nodiscard]] int run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dart::apps
