#include "runtime/file_io.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dart::runtime {

namespace {

/// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> io_failure(const char* what, const std::string& path) {
  const ErrorCode code = errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Io;
  return fail(code, fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno)));
}

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return io_failure("write", path);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<std::string> read_open(int fd, const std::string& path, std::size_t limit) {
  std::string text;
  char block[16384];
  while (true) {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_failure("read", path);
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > limit) {
      return fail(ErrorCode::Capacity, fmt::format("'{}' is longer than {} bytes", path, limit));
    }
  }
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_failure("open", path);
  return read_open(file.get(), path, limit);
}

Result<std::string> read_private_file(const std::string& path, std::size_t limit) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_failure("open", path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return io_failure("look at", path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorCode::InvalidArgument, fmt::format("'{}' holds a secret and is open to others", path),
                std::nullopt, fmt::format("chmod 600 '{}'", path));
  }
  return read_open(file.get(), path, limit);
}

Status write_new_file(const std::string& path, std::string_view text, mode_t mode) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) return io_failure("make", path);
  DART_TRY_STATUS(write_all(file.get(), text, path));
  if (::fsync(file.get()) != 0) return io_failure("sync", path);
  return {};
}

Status replace_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string beside = path + ".new";
  {
    const Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) return io_failure("make", beside);
    DART_TRY_STATUS(write_all(file.get(), text, beside));
    if (::fsync(file.get()) != 0) return io_failure("sync", beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return io_failure("replace", path);
  const Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return io_failure("sync the folder of", path);
  return {};
}

Result<std::string> file_birth(const std::string& path) {
  struct statx found {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &found) != 0)
    return io_failure("look at", path);
  std::string birth = fmt::format("{}", found.stx_ino);
  if ((found.stx_mask & STATX_BTIME) != 0) {
    birth += fmt::format("/{}.{:09}", found.stx_btime.tv_sec, found.stx_btime.tv_nsec);
  }
  return birth;
}

Status make_folder(const std::string& path) {
  if (path.empty()) return fail(ErrorCode::InvalidArgument, "a folder needs a name");
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return fail(ErrorCode::Io, fmt::format("'{}' is no folder", path));
  }
  const std::string above = folder_of(path);
  if (above != path && above != ".") DART_TRY_STATUS(make_folder(above));
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return io_failure("make the folder", path);
  return {};
}

Result<FileLock> FileLock::take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return io_failure("open", path);
  FileLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_failure("lock", path);
    return fail(ErrorCode::Capacity, fmt::format("another process holds '{}'", path));
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace dart::runtime
