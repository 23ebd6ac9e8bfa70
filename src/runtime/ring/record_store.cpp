#include "runtime/ring/record_store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <sqlite3.h>

#include "base/random.hpp"
#include "runtime/file_io.hpp"

namespace dart::runtime {

namespace {

/// "DART" in the header of the file.
constexpr std::int64_t kApplication = 0x44415254;
constexpr std::int64_t kVersion = 1;
/// Pages in the write-ahead log when they move into the file: 4 MB.
constexpr int kLogPages = 1000;
/// Of pages in memory, once there are so many: with 2 MB, commits of many records take a fifth longer.
constexpr int kCacheKilobytes = 8000;
/// In front of each stored value.
constexpr std::size_t kCheckBytes = 8;
constexpr mode_t kPrivate = 0600;

constexpr const char* kMakeRoom = "make room on its disk, or raise the limit, then start the node again";
constexpr const char* kMakeWritable =
    "make the file and its folder writable for this user, then start the node again";
constexpr const char* kMakeTable =
    "CREATE TABLE records (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";

/// SQLite guards its log, not its pages: a bit that turned on the disk must not become a promise that nobody
/// made.
std::uint64_t check_of(std::string_view key, std::string_view value) {
  std::uint64_t check = mix64(key.size());
  for (const std::string_view text : {key, value}) {
    for (std::size_t at = 0; at < text.size(); at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, std::min(sizeof word, text.size() - at));
      check = mix64(check ^ word);
    }
  }
  return mix64(check ^ value.size());
}

std::string sealed(std::string_view key, std::string_view value) {
  std::uint64_t check = check_of(key, value);
  std::string bytes;
  bytes.reserve(kCheckBytes + value.size());
  for (std::size_t i = 0; i < kCheckBytes; ++i, check >>= 8) bytes.push_back(static_cast<char>(check & 0xFF));
  return bytes.append(value);
}

std::string_view column(sqlite3_stmt* row, int index) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, index));
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, index)));
}

void bind_bytes(sqlite3_stmt* statement, int index, std::string_view bytes) {
  // Cannot fail but for memory, which the step that follows would miss as well.
  sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

/// Moves the log into the file. SQLite's own hook would keep a failure to itself.
int after_commit(void*, sqlite3* database, const char* name, int pages) {
  if (pages < kLogPages) return SQLITE_OK;
  return sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

/// What the operating system said last about the file or its log.
int system_error(sqlite3* database) {
  for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
    sqlite3_file* file = nullptr;
    int error = 0;
    if (sqlite3_file_control(database, "main", which, &file) != SQLITE_OK || file == nullptr) continue;
    if (file->pMethods != nullptr) file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    if (error != 0) return error;
  }
  return 0;
}

/// Bytes of a file; nothing when there is none.
std::optional<off_t> file_size(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_size) : std::nullopt;
}

}  // namespace

void RecordStore::Close::operator()(sqlite3* database) const { sqlite3_close(database); }
void RecordStore::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<RecordStore> RecordStore::open(const std::string& path) {
  RecordStore store(path);
  DART_TRY_STATUS(store.connect());
  DART_TRY(const bool fresh, store.is_new());
  DART_TRY_STATUS(store.run("PRAGMA journal_mode = WAL"));
  DART_TRY_STATUS(store.run("PRAGMA synchronous = FULL"));
  DART_TRY_STATUS(store.run(fmt::format("PRAGMA cache_size = -{}", kCacheKilobytes).c_str()));
  sqlite3_wal_hook(store.database_.get(), after_commit, nullptr);
  if (fresh) {
    DART_TRY_STATUS(store.run(fmt::format("BEGIN IMMEDIATE; {}; PRAGMA application_id = {}; "
                                          "PRAGMA user_version = {}; COMMIT",
                                          kMakeTable, kApplication, kVersion)
                                  .c_str()));
  }
  DART_TRY_STATUS(store.prepare());
  return store;
}

Status RecordStore::connect() {
  const auto bytes = file_size(path_);
  if (bytes.value_or(0) == 0 && file_size(path_ + "-wal").value_or(0) > 0) {
    // SQLite would throw the log away and start anew.
    return damaged("it is empty or gone, and its log is not");
  }
  if (!bytes) DART_TRY_STATUS(write_new_file(path_, {}, kPrivate));
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(path_.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (opened != SQLITE_OK) return failure();
  if (sqlite3_db_readonly(database, "main") == 1) {
    return unusable("it may only be read", kMakeWritable);
  }
  // No other process, hence no memory shared with one, which a full disk would turn into a SIGBUS.
  return run("PRAGMA locking_mode = EXCLUSIVE");
}

Result<bool> RecordStore::is_new() {
  DART_TRY(const auto application, number("PRAGMA application_id"));
  DART_TRY(const auto version, number("PRAGMA user_version"));
  DART_TRY(const auto tables, number("SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && version == 0 && tables == 0) return true;
  if (application != kApplication) {
    return fail(ErrorCode::Data, fmt::format("'{}' holds something else than records of a node", path_),
                std::nullopt, "move it away, or give the node a --data folder of its own");
  }
  if (version == kVersion) return false;
  return fail(
      ErrorCode::Unsupported,
      fmt::format("'{}' has version {} of the format, this program knows {}", path_, version, kVersion),
      std::nullopt,
      version < kVersion ? "run the older program, or start with an empty --data folder"
                         : "run the newer program that wrote it");
}

Status RecordStore::prepare() {
  DART_TRY(begin_, statement("BEGIN IMMEDIATE"));
  DART_TRY(put_, statement("INSERT OR REPLACE INTO records VALUES (?1, ?2)"));
  DART_TRY(erase_, statement("DELETE FROM records WHERE key = ?1"));
  DART_TRY(length_, statement("SELECT length(key) + length(value) FROM records WHERE key = ?1"));
  DART_TRY(end_, statement("COMMIT"));
  DART_TRY(const auto sealed_bytes,
           number("SELECT ifnull(sum(length(key) + length(value)), 0) FROM records"));
  DART_TRY(const auto records, number("SELECT count(*) FROM records"));
  bytes_ = static_cast<std::uint64_t>(sealed_bytes) - kCheckBytes * static_cast<std::uint64_t>(records);
  return {};
}

Result<std::vector<RecordStore::Record>> RecordStore::load() {
  if (failed_) return tl::unexpected(*failed_);
  DART_TRY_STATUS(check_pages());
  DART_TRY(const auto rows, statement("SELECT key, value FROM records ORDER BY key"));
  std::vector<Record> records;
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(rows.get())) == SQLITE_ROW) {
    const std::string_view key = column(rows.get(), 0);
    const std::string_view stored = column(rows.get(), 1);
    const std::string_view value = stored.substr(std::min(kCheckBytes, stored.size()));
    if (stored != sealed(key, value)) return damaged("the check of a record is wrong");
    records.emplace_back(key, value);
  }
  if (step != SQLITE_DONE) return failure();
  return records;
}

Status RecordStore::check_pages() {
  DART_TRY(const auto rows, statement("PRAGMA quick_check(1)"));
  if (sqlite3_step(rows.get()) != SQLITE_ROW) return failure();
  const std::string_view answer = column(rows.get(), 0);
  if (answer != "ok") return damaged(std::string(answer));
  return {};
}

Status RecordStore::commit(std::span<const Batch> batches) {
  if (failed_) return tl::unexpected(*failed_);
  auto status = put_all(batches);
  if (!status) {
    failed_ = status.error();
    // What is on the disk stays as it is until the next start looks at it.
    sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  return status;
}

Status RecordStore::put_all(std::span<const Batch> batches) {
  DART_TRY_STATUS(finish(begin_.get()));
  for (const Batch& batch : batches) {
    for (const Write& one : batch.writes) DART_TRY_STATUS(write(one));
  }
  return finish(end_.get());
}

Status RecordStore::write(const Write& write) {
  sqlite3_stmt* const statement = (write.value ? put_ : erase_).get();
  DART_TRY(const auto before, size_of(write.key));
  bytes_ -= before;
  if (write.value) bytes_ += write.key.size() + write.value->size();
  std::string stored;
  bind_bytes(statement, 1, write.key);
  if (write.value) {
    stored = sealed(write.key, *write.value);
    bind_bytes(statement, 2, stored);
  }
  return finish(statement);
}

Result<std::uint64_t> RecordStore::size_of(const std::string& key) {
  bind_bytes(length_.get(), 1, key);
  const int step = sqlite3_step(length_.get());
  const auto sealed_bytes = static_cast<std::uint64_t>(sqlite3_column_int64(length_.get(), 0));
  sqlite3_reset(length_.get());
  if (step == SQLITE_DONE) return 0U;
  if (step != SQLITE_ROW || sealed_bytes < kCheckBytes) return failure();
  return sealed_bytes - kCheckBytes;
}

Status RecordStore::run(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

Result<RecordStore::Statement> RecordStore::statement(const char* sql) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql, -1, &made, nullptr) != SQLITE_OK) return failure();
  return Statement(made);
}

Status RecordStore::finish(sqlite3_stmt* statement) {
  Status status;
  if (sqlite3_step(statement) != SQLITE_DONE) status = failure();
  sqlite3_reset(statement);
  return status;
}

Result<std::int64_t> RecordStore::number(const char* sql) {
  DART_TRY(const auto row, statement(sql));
  if (sqlite3_step(row.get()) != SQLITE_ROW) return failure();
  return sqlite3_column_int64(row.get(), 0);
}

tl::unexpected<Error> RecordStore::damaged(const std::string& how) const {
  return fail(ErrorCode::Data, fmt::format("'{}' is damaged: {}", path_, how), std::nullopt,
              "start with an empty --data folder; the others still have what this node kept for them");
}

tl::unexpected<Error> RecordStore::unusable(const std::string& why, const char* hint) const {
  return fail(ErrorCode::Io, fmt::format("cannot use the records in '{}': {}", path_, why), std::nullopt,
              hint);
}

tl::unexpected<Error> RecordStore::failure() const {
  sqlite3* const database = database_.get();
  // Without a connection there was no memory for one.
  if (database == nullptr) return unusable(sqlite3_errstr(SQLITE_NOMEM), "free some memory");
  const std::string words = sqlite3_errmsg(database);
  switch (sqlite3_errcode(database) & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(words);
    case SQLITE_BUSY:
      return fail(ErrorCode::Capacity, fmt::format("another process holds '{}'", path_), std::nullopt,
                  "stop it, or give this node a --data folder of its own");
    case SQLITE_FULL:
      return unusable(words, kMakeRoom);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return unusable(words, kMakeWritable);
    default:
      break;
  }
  const int system = system_error(database);
  const bool full = system == EDQUOT || system == EFBIG;
  return unusable(
      system != 0 ? fmt::format("{} ({})", words, std::strerror(system)) : words,
      full ? kMakeRoom : "look for errors of the disk in the system's log, then start the node again");
}

}  // namespace dart::runtime
