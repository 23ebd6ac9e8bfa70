#include "apps/child_ring.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "directory/limits.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

constexpr const char* kSelf = "/proc/self/exe";
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kLookAgain{50};
constexpr std::int64_t kTimeoutS = 5;

/// Runs this program with other words, its stdout in `out`.
Result<pid_t> spawn(const std::vector<std::string>& words, int out) {
  std::vector<char*> arguments;
  std::string name = "dart";
  arguments.push_back(name.data());
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, kSelf, &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  return fail(ErrorCode::Io, fmt::format("cannot start a node: {}", std::strerror(error)));
}

Status run(const std::vector<std::string>& words) {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const auto pid = spawn(words, nowhere);
  ::close(nowhere);
  if (!pid) return tl::unexpected(pid.error());
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorCode::Io, "cannot make certificates");
}

std::string read_line(int fd) {
  std::string line;
  char byte = 0;
  while (::read(fd, &byte, 1) == 1 && byte != '\n') line.push_back(byte);
  return line;
}

/// Processor time of one process, in seconds.
double cpu_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(file, text);
  // The name of the program, in brackets, may hold anything; behind it stand the numbers from the third on.
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  constexpr int kUserTime = 14;
  std::string skipped;
  for (int field = 3; field < kUserTime; ++field) fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Json ring_of(const std::string& http) {
  const auto response = api::http_get(http, "/v1/ring", kTimeoutS);
  return response ? Json::parse(response->body, nullptr, false) : Json();
}

}  // namespace

Result<std::unique_ptr<ChildRing>> ChildRing::start(std::size_t nodes, const std::string& parent) {
  const std::filesystem::path place =
      parent.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(parent);
  std::string folder = (place / "dart_ring_XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    return fail(ErrorCode::Io,
                fmt::format("cannot make a folder in '{}': {}", place.string(), std::strerror(errno)),
                std::nullopt, "give --data another folder");
  }
  std::unique_ptr<ChildRing> ring(new ChildRing(folder));
  DART_TRY_STATUS(ring->make_certificates(nodes));
  for (std::size_t i = 0; i < nodes; ++i) DART_TRY_STATUS(ring->add_node());
  DART_TRY_STATUS(ring->settle());
  return ring;
}

ChildRing::~ChildRing() {
  for (const Child& child : children_) ::kill(child.pid, SIGKILL);
  for (const Child& child : children_) {
    while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    ::close(child.out);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Status ChildRing::make_certificates(std::size_t nodes) const {
  DART_TRY_STATUS(run({"cert", "ca", "--out", folder_}));
  for (std::size_t i = 0; i < nodes; ++i) {
    DART_TRY_STATUS(run({"cert", "host", fmt::format("host{}", i), "--out", folder_}));
  }
  return {};
}

Status ChildRing::add_node() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::Io, "cannot make a pipe");
  const std::string host = fmt::format("{}/host{}", folder_, children_.size());
  std::vector<std::string> words = {"node",     "start",        "-o",     "json",
                                    "--listen", "127.0.0.1:0",  "--http", "127.0.0.1:0",
                                    "--data",   host + "-data", "--ca",   folder_ + "/ca.pem",
                                    "--cert",   host + ".pem",  "--key",  host + "-key.pem"};
  if (children_.empty()) {
    words.emplace_back("--bootstrap");
  } else {
    words.insert(words.end(), {"--join", children_.front().endpoint});
  }
  const auto pid = spawn(words, ends[1]);
  ::close(ends[1]);
  if (!pid) {
    ::close(ends[0]);
    return tl::unexpected(pid.error());
  }
  Child& child = children_.emplace_back(Child{*pid, ends[0], {}, {}});
  const auto started = Json::parse(read_line(child.out), nullptr, false);
  if (!started.is_object()) return fail(ErrorCode::Io, "a node did not start");
  child.endpoint = started.value("endpoint", "");
  child.http = started.value("http", "");
  return {};
}

Status ChildRing::settle() const {
  const std::size_t losses = (std::min(children_.size(), directory::limits::kGroup) - 1) / 2;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (const Child& child : children_) {
    while (true) {
      const Json ring = ring_of(child.http);
      if (ring.is_object() && ring["ready"] == true && ring["survives"] == losses) break;
      if (std::chrono::steady_clock::now() > until) return fail(ErrorCode::Io, "the nodes form no ring");
      std::this_thread::sleep_for(kLookAgain);
    }
  }
  return {};
}

double ChildRing::cpu_s() const {
  double sum = 0;
  for (const Child& child : children_) sum += cpu_of(child.pid);
  return sum;
}

std::uint64_t ChildRing::counter(const std::string& name) const {
  std::uint64_t sum = 0;
  for (const Child& child : children_) {
    const Json ring = ring_of(child.http);
    if (ring.is_object()) sum += ring["counters"].value(name, std::uint64_t{0});
  }
  return sum;
}

}  // namespace dart::apps
