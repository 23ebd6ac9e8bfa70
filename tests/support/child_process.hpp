#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace dart::test {

struct ProcessResult {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// Where a child's stdout goes.
enum class Stdout { Captured, Closed, Full };  ///< Closed: a pipe without a reader; Full: /dev/full

/// Runs `command` (program and arguments) with `input` as its stdin until it ends.
[[nodiscard]] ProcessResult run_process(const std::vector<std::string>& command,
                                        const std::string& input = {}, Stdout stdout_kind = Stdout::Captured);

/// A child that stays while a test talks to it.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command, Stdout stdout_kind = Stdout::Captured);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void send(const std::string& text) const;
  void close_stdin();
  /// Waits for the next line of stdout; empty at its end.
  [[nodiscard]] std::string read_line() const;
  void signal(int number) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Reads the rest of stdout and stderr until the child ends.
  [[nodiscard]] ProcessResult finish();

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
};

}  // namespace dart::test
