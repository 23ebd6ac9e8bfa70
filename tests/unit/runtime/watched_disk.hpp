#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

namespace dart::runtime {

/// While it lives, SQLite's files in the folder above `kept_folder` are seen by it: it keeps there what a
/// power cut leaves at least, which is what was synced, and can make every sync fail. A file that was deleted
/// is gone for good when its folder is synced, which SQLite does with the first sync of a new journal or log.
/// Files that are cut shorter are not followed. One at a time.
class WatchedDisk {
 public:
  explicit WatchedDisk(std::string kept_folder) : kept_folder_(std::move(kept_folder)) {
    std::filesystem::create_directories(kept_folder_);
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "watched";
    vfs_.pNext = nullptr;
    vfs_.xOpen = &WatchedDisk::open;
    vfs_.xDelete = &WatchedDisk::erase;
    current_ = this;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~WatchedDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    current_ = nullptr;
  }
  WatchedDisk(const WatchedDisk&) = delete;
  WatchedDisk& operator=(const WatchedDisk&) = delete;

  void fail_syncs(bool on) {
    const std::lock_guard lock(mutex_);
    failing_ = on;
  }
  [[nodiscard]] int syncs() {
    const std::lock_guard lock(mutex_);
    return syncs_;
  }

 private:
  struct Watched {
    std::string path;
    const sqlite3_io_methods* methods;
    bool syncs_folder;                                           ///< with its first sync
    std::vector<std::pair<sqlite3_int64, std::string>> written;  ///< since the last sync: where and what
  };

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    WatchedDisk& disk = *current_;
    const int result = disk.real_->xOpen(disk.real_, name, file, flags, out_flags);
    if (result != SQLITE_OK || name == nullptr) return result;
    if (std::filesystem::path(name).parent_path() != disk.kept_folder_.parent_path()) return result;
    const std::lock_guard lock(disk.mutex_);
    auto& methods = disk.methods_[file->pMethods];
    if (methods == nullptr) {
      methods = std::make_unique<sqlite3_io_methods>(*file->pMethods);
      methods->xSync = &WatchedDisk::sync;
      methods->xWrite = &WatchedDisk::write;
    }
    disk.files_[file] = {name, file->pMethods, (flags & SQLITE_OPEN_CREATE) != 0, {}};
    file->pMethods = methods.get();
    return result;
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    WatchedDisk& disk = *current_;
    const std::lock_guard lock(disk.mutex_);
    Watched& watched = disk.files_.at(file);
    watched.written.emplace_back(
        offset, std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size)));
    return watched.methods->xWrite(file, bytes, size, offset);
  }

  static int sync(sqlite3_file* file, int flags) {
    WatchedDisk& disk = *current_;
    const std::lock_guard lock(disk.mutex_);
    if (disk.failing_) return SQLITE_IOERR_FSYNC;
    Watched& watched = disk.files_.at(file);
    const int result = watched.methods->xSync(file, flags);
    if (result != SQLITE_OK) return result;
    ++disk.syncs_;
    const auto kept = disk.kept_folder_ / std::filesystem::path(watched.path).filename();
    if (!std::filesystem::exists(kept)) std::ofstream{kept};
    std::fstream out(kept, std::ios::binary | std::ios::in | std::ios::out);
    for (const auto& [offset, bytes] : watched.written) {
      out.seekp(offset);
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    watched.written.clear();
    if (std::exchange(watched.syncs_folder, false)) {
      for (const auto& name : disk.erased_) std::filesystem::remove(disk.kept_folder_ / name);
      disk.erased_.clear();
    }
    return result;
  }

  static int erase(sqlite3_vfs*, const char* name, int sync_folder) {
    WatchedDisk& disk = *current_;
    {
      const std::lock_guard lock(disk.mutex_);
      const std::filesystem::path path(name);
      if (path.parent_path() == disk.kept_folder_.parent_path()) disk.erased_.push_back(path.filename());
    }
    return disk.real_->xDelete(disk.real_, name, sync_folder);
  }

  inline static WatchedDisk* current_ = nullptr;
  std::filesystem::path kept_folder_;
  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  std::mutex mutex_;
  std::map<const sqlite3_io_methods*, std::unique_ptr<sqlite3_io_methods>> methods_;
  std::map<sqlite3_file*, Watched> files_;
  std::vector<std::filesystem::path> erased_;  ///< the folder may still name them
  bool failing_ = false;
  int syncs_ = 0;
};

}  // namespace dart::runtime
