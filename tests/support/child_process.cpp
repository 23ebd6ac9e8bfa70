#include "support/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/check.hpp"

namespace dart::test {

namespace {

struct Pipe {
  Pipe() { DART_CHECK(pipe2(ends, O_CLOEXEC) == 0); }
  int ends[2];
};

[[noreturn]] void become(const std::vector<std::string>& command, int in, int out, int err) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  std::vector<char*> words;
  for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execv(words[0], words.data());
  _exit(127);
}

void append_from(int fd, std::string& text, bool& open) {
  char block[4096];
  const ssize_t got = read(fd, block, sizeof block);
  if (got > 0) {
    text.append(block, static_cast<std::size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    open = false;
  }
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, Stdout stdout_kind) {
  // A child that ends early must not take the test with it.
  ::signal(SIGPIPE, SIG_IGN);
  const Pipe in;
  const Pipe out;
  const Pipe err;
  int child_out = out.ends[1];
  if (stdout_kind == Stdout::Full) child_out = open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (stdout_kind == Stdout::Closed) close(out.ends[0]);
  pid_ = fork();
  DART_CHECK(pid_ >= 0);
  if (pid_ == 0) become(command, in.ends[0], child_out, err.ends[1]);
  close(in.ends[0]);
  close(out.ends[1]);
  close(err.ends[1]);
  if (child_out != out.ends[1]) close(child_out);
  in_ = in.ends[1];
  out_ = stdout_kind == Stdout::Closed ? -1 : out.ends[0];
  err_ = err.ends[0];
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {in_, out_, err_}) {
    if (fd >= 0) close(fd);
  }
}

void ChildProcess::send(const std::string& text) const {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t wrote = write(in_, text.data() + sent, text.size() - sent);
    if (wrote < 0) return;
    sent += static_cast<std::size_t>(wrote);
  }
}

void ChildProcess::close_stdin() {
  close(in_);
  in_ = -1;
}

std::string ChildProcess::read_line() const {
  std::string line;
  char byte = 0;
  while (read(out_, &byte, 1) == 1) {
    if (byte == '\n') return line;
    line.push_back(byte);
  }
  return line;
}

void ChildProcess::signal(int number) const { kill(pid_, number); }

ProcessResult ChildProcess::finish() {
  ProcessResult result;
  bool out_open = out_ >= 0;
  bool err_open = true;
  while (out_open || err_open) {
    pollfd polled[2] = {{out_open ? out_ : -1, POLLIN, 0}, {err_open ? err_ : -1, POLLIN, 0}};
    if (poll(polled, 2, -1) < 0) continue;
    if (polled[0].revents != 0) append_from(out_, result.out, out_open);
    if (polled[1].revents != 0) append_from(err_, result.err, err_open);
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

ProcessResult run_process(const std::vector<std::string>& command, const std::string& input,
                          Stdout stdout_kind) {
  ChildProcess child(command, stdout_kind);
  child.send(input);
  child.close_stdin();
  return child.finish();
}

}  // namespace dart::test
