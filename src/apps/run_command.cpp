#include "apps/run_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "base/limits.hpp"
#include "connectors/catalogue.hpp"

namespace dart::apps {

namespace {

Result<std::string> read_all(int fd, const std::string& name) {
  std::string text;
  char block[65536];
  while (true) {
    const ssize_t got = read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::Io, fmt::format("cannot read {}: {}", name, std::strerror(errno)));
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > limits::kSqlBytes) {
      return fail(ErrorCode::Capacity, fmt::format("{} is longer than {} bytes", name, limits::kSqlBytes));
    }
  }
}

}  // namespace

Result<std::string> read_script(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, "standard input");
  const std::string name = "'" + path + "'";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(ErrorCode::Io, fmt::format("cannot open {}: {}", name, std::strerror(errno)));
  auto text = read_all(fd, name);
  close(fd);
  return text;
}

int run_command(const std::string& path, ScriptOptions options) {
  runtime::ignore_broken_pipes();
  const auto text = read_script(path);
  if (!text) {
    std::cerr << error_line(text.error()) << '\n';
    return 1;
  }
  options.file_name = path == "-" ? "standard input" : path;
  connectors::Factory factory;
  runtime::StopSignal stop;
  const runtime::StopOnSignals on_signals(stop);
  return run_script(*text, options, factory, stop, std::cout, std::cerr).exit_code;
}

}  // namespace dart::apps
