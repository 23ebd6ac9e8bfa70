#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace dart::apps {

/// `dart sim …`: experiments and random runs in virtual time.
class SimCommand {
 public:
  /// Adds the command and its options to the program's.
  explicit SimCommand(CLI::App& app);
  ~SimCommand();
  SimCommand(const SimCommand&) = delete;
  SimCommand& operator=(const SimCommand&) = delete;

  /// Whether the command line asked for it.
  [[nodiscard]] bool chosen() const;
  /// Runs what was asked for. Returns the exit code.
  int run();

 private:
  struct Flags;
  static void add_churn(Flags& flags);
  static void add_tree(Flags& flags);
  static void add_place(Flags& flags);
  static void add_deploy(Flags& flags);
  std::unique_ptr<Flags> flags_;
};

}  // namespace dart::apps
