#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dart::runtime {

/// A whole small file; longer than `limit` bytes is an Error. ErrorCode::NotFound when there is none.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit);
/// A private key: as `read_file`, and refused when others than its owner may read it.
[[nodiscard]] Result<std::string> read_private_file(const std::string& path, std::size_t limit);
/// Makes a file that must not exist yet.
[[nodiscard]] Status write_new_file(const std::string& path, std::string_view text, mode_t mode);
/// Puts `text` in place of what the file held, all or nothing, also when power fails: a new file beside it,
/// synced, renamed over it.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view text, mode_t mode);
/// A text that a file keeps for as long as it lives in one place, through any number of writes, and that no
/// copy of it has (its number and, where the file system knows it, the time of its making).
[[nodiscard]] Result<std::string> file_birth(const std::string& path);
/// Makes a folder, and those above it, that only its owner may enter; one that is there stays as it is.
[[nodiscard]] Status make_folder(const std::string& path);

/// A lock on a file, held while this lives and gone with the process however that ends.
class FileLock {
 public:
  FileLock() = default;
  /// ErrorCode::Capacity when another process holds it.
  [[nodiscard]] static Result<FileLock> take(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace dart::runtime
