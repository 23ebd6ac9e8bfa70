#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace dart::runtime {

/// Keys and values of one node in one file (SQLite, docs/adr/0018). For one thread at a time, never the
/// loop's: every call may wait for the disk. Errors name the file and say what to do about it.
class RecordStore {
 public:
  struct Write {
    std::string key;
    std::optional<std::string> value;  ///< nothing: erases the key
  };
  /// Writes that come to be together or not at all.
  struct Batch {
    std::uint64_t token = 0;  ///< the owner's number for it
    std::vector<Write> writes;
  };
  using Record = std::pair<std::string, std::string>;

  /// Makes the file, readable by its owner alone, when there is none. ErrorCode::Capacity when another
  /// process has it, Data when it is damaged, Unsupported when another version of this program wrote it.
  [[nodiscard]] static Result<RecordStore> open(const std::string& path);

  /// All records by key, in the order of bytes. Reads the whole file and says so (Data) when anything in it
  /// is not what was written.
  [[nodiscard]] Result<std::vector<Record>> load();

  /// All batches, in order, as one transaction that is on the disk when this returns. After an Error it is
  /// unknown whether they are; that store is done for, and gives the same Error to every later call.
  [[nodiscard]] Status commit(std::span<const Batch> batches);
  /// Of all keys and values, as of the last commit.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  explicit RecordStore(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Status connect();
  /// Whether the file is new and empty; an Error when it is somebody else's.
  [[nodiscard]] Result<bool> is_new();
  [[nodiscard]] Status prepare();
  [[nodiscard]] Status put_all(std::span<const Batch> batches);
  [[nodiscard]] Status write(const Write& write);
  /// What the record with this key adds to `bytes`; 0 when there is none.
  [[nodiscard]] Result<std::uint64_t> size_of(const std::string& key);
  [[nodiscard]] Status check_pages();
  [[nodiscard]] Status run(const char* sql);
  [[nodiscard]] Result<Statement> statement(const char* sql);
  /// Steps a statement that gives no rows.
  [[nodiscard]] Status finish(sqlite3_stmt* statement);
  /// The only number that a statement gives.
  [[nodiscard]] Result<std::int64_t> number(const char* sql);
  /// What SQLite said last, as an Error.
  [[nodiscard]] tl::unexpected<Error> failure() const;
  [[nodiscard]] tl::unexpected<Error> unusable(const std::string& why, const char* hint) const;
  [[nodiscard]] tl::unexpected<Error> damaged(const std::string& how) const;

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;  // before its statements: they must end first
  Statement begin_;
  Statement put_;
  Statement erase_;
  Statement length_;
  Statement end_;
  std::uint64_t bytes_ = 0;
  std::optional<Error> failed_;
};

}  // namespace dart::runtime
