#include "connectors/file_bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "connectors/compressed_bytes.hpp"

namespace dart::connectors {

namespace {

/// Owns a file descriptor, but for the standard ones.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() { static_cast<void>(close()); }

  [[nodiscard]] int get() const { return fd_; }
  /// 0, or the errno of close(2).
  int close() {
    const int fd = std::exchange(fd_, -1);
    return fd > STDERR_FILENO && ::close(fd) != 0 ? errno : 0;
  }

 private:
  int fd_;
};

tl::unexpected<Error> io_error(std::string_view verb, const std::string& name, int error,
                               std::string hint = {}) {
  return fail(ErrorCode::Io, fmt::format("cannot {} {}: {}", verb, name, std::strerror(error)), std::nullopt,
              std::move(hint));
}

class FileSource : public ByteSource {
 public:
  FileSource(FileDescriptor fd, std::string name, bool may_wait)
      : fd_(std::move(fd)), name_(std::move(name)), may_wait_(may_wait) {}

  Result<ByteRead> read(char* into, std::size_t room) override {
    // A terminal shares its flags with other programs, so O_NONBLOCK is left alone and poll(2) is asked
    // instead.
    if (may_wait_) {
      pollfd poll{fd_.get(), POLLIN, 0};
      if (::poll(&poll, 1, 0) == 0) return ByteRead{};
    }
    while (true) {
      const ssize_t got = ::read(fd_.get(), into, room);
      if (got > 0) return ByteRead{static_cast<std::size_t>(got), false};
      if (got == 0) return ByteRead{0, true};
      if (errno == EAGAIN || errno == EWOULDBLOCK) return ByteRead{};
      if (errno != EINTR) return io_error("read", name_, errno);
    }
  }
  int ready_fd() const override { return may_wait_ ? fd_.get() : -1; }

 private:
  FileDescriptor fd_;
  std::string name_;
  bool may_wait_;
};

class FileSink : public ByteSink {
 public:
  FileSink(FileDescriptor fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

  /// Several sinks may share standard output; what one call hands over, whole lines, stays together there.
  Status write(std::string_view bytes) override {
    static std::mutex standard_output;
    std::unique_lock<std::mutex> together;
    if (fd_.get() == STDOUT_FILENO) together = std::unique_lock(standard_output);
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        pollfd poll{fd_.get(), POLLOUT, 0};
        ::poll(&poll, 1, -1);
      } else if (errno != EINTR) {
        return refused(errno);
      }
    }
    return {};
  }
  Status close() override {
    if (const int error = fd_.close(); error != 0) return refused(error);
    return {};
  }

 private:
  [[nodiscard]] tl::unexpected<Error> refused(int error) const {
    std::string hint;
    if (error == ENOSPC || error == EDQUOT) hint = "free some space, or write to another disk";
    if (error == EPIPE) hint = "the program that was reading it has ended";
    return io_error("write to", name_, error, std::move(hint));
  }

  FileDescriptor fd_;
  std::string name_;
};

std::string quoted(const std::string& path) { return fmt::format("'{}'", path); }

Compression detect_compression(const std::string& path, int fd, bool regular) {
  char head[4] = {};
  const ssize_t got = regular ? ::pread(fd, head, sizeof head, 0) : 0;
  return compression_of(path, std::string_view(head, got > 0 ? static_cast<std::size_t>(got) : 0));
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_file_for_reading(const std::string& path) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : quoted(path);
  // Without O_NONBLOCK a pipe that nobody writes to yet would hold its thread here.
  FileDescriptor fd(standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return io_error("read", name, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return io_error("read", name, errno);
  if (S_ISDIR(status.st_mode)) return io_error("read", name, EISDIR);
  const bool regular = S_ISREG(status.st_mode);
  const Compression compression = detect_compression(path, fd.get(), regular && !standard);
  auto file = std::make_unique<FileSource>(std::move(fd), name, !regular);
  return decompressed(compression, std::move(file), name);
}

bool comes_once(const std::string& path) {
  struct stat status {};
  const int known = path == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status);
  return known == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) || S_ISSOCK(status.st_mode));
}

Result<std::unique_ptr<ByteSink>> open_file_for_writing(const std::string& path, SinkStart start) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard output" : quoted(path);
  const int kept = start == SinkStart::Append ? O_APPEND : O_TRUNC;
  FileDescriptor fd(standard ? STDOUT_FILENO
                             : ::open(path.c_str(), O_WRONLY | O_CREAT | kept | O_CLOEXEC, 0666));
  if (fd.get() < 0) return io_error("write to", name, errno);
  return std::make_unique<FileSink>(std::move(fd), name);
}

}  // namespace dart::connectors
