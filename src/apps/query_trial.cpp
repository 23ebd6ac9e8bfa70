#include "apps/query_trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

#include "apps/row_difference.hpp"
#include "connectors/catalogue.hpp"
#include "runtime/query_runner.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

using api::QueryFailure;

constexpr unsigned kWrong = 422;
constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kLook = std::chrono::milliseconds(20);
constexpr std::uintmax_t kOutputBytes = 16U << 20;
constexpr std::size_t kShownLines = 200;
constexpr const char* kDefaultFormat = "csv";

tl::unexpected<QueryFailure> wrong(std::string message, std::string hint = {}) {
  return tl::unexpected(QueryFailure{kWrong, std::move(message), std::move(hint)});
}

/// A folder that is gone when this is.
class Folder {
 public:
  Folder() {
    std::error_code ignored;
    std::string pattern = (std::filesystem::temp_directory_path(ignored) / "dart_trial_XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  /// Empty: it could not be made.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A file in place of what the table's connector would have read or written; its format stays.
void use_file(plan::TableDefinition& table, const std::filesystem::path& path) {
  if (table.format.empty()) table.format = kDefaultFormat;
  std::vector<plan::OptionSpec> known;
  for (const auto& entry : connectors::format_entries()) {
    if (entry.spec.name == table.format) known = entry.spec.options;
  }
  plan::Options kept;
  for (const auto& option : table.options) {
    const bool of_format =
        std::any_of(known.begin(), known.end(), [&](const auto& spec) { return spec.name == option.first; });
    if (of_format) kept.push_back(option);
  }
  kept.emplace_back("path", columnar::Value::text(path.string()));
  table.options = std::move(kept);
  table.connector = "file";
  table.label.clear();
}

/// Puts the rows of the test where the plan reads them. Gives the file that its one sink will write.
api::QueryResult<std::filesystem::path> use_rows(const api::QueryTest& test, plan::Plan& plan,
                                                 const std::filesystem::path& folder) {
  const auto sinks = plan.sinks();
  if (sinks.size() != 1) {
    return wrong(fmt::format("a test needs a script with one sink, this one has {}", sinks.size()));
  }
  std::set<std::uint32_t> scanned;
  for (const auto& node : plan.nodes) {
    if (const auto* scan = std::get_if<plan::Scan>(&node.kind)) scanned.insert(scan->table);
  }
  auto unused = test.input;
  for (const std::uint32_t number : scanned) {
    auto& table = plan.tables[number];
    if (table.connector == plan::kOneRowConnector) continue;
    const auto rows = unused.extract(table.name);
    if (rows.empty()) {
      return wrong(fmt::format("the table {} has no rows in this test", table.name),
                   fmt::format("give --input {}=FILE", table.name));
    }
    const auto path = folder / fmt::format("input_{}", number);
    std::ofstream(path, std::ios::binary) << rows.mapped();
    use_file(table, path);
  }
  if (!unused.empty()) return wrong(fmt::format("the query reads no table {}", unused.begin()->first));
  const auto target = std::get<plan::Sink>(plan.nodes[sinks.front()].kind).table;
  const auto path = folder / "output";
  use_file(plan.tables[target], path);
  return path;
}

/// Ends a run that takes too long or makes too much.
class Watchdog {
 public:
  Watchdog(runtime::StopSignal& stop, const std::filesystem::path& output)
      : thread_([this, &stop, output] { watch(stop, output); }) {}
  ~Watchdog() { end(); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Why it had to step in; empty: it had not.
  std::string end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
    return reason_;
  }

 private:
  void watch(runtime::StopSignal& stop, const std::filesystem::path& output) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kLook, [this] { return ended_; })) {
      std::error_code error;
      const auto bytes = std::filesystem::file_size(output, error);
      if (!error && bytes > kOutputBytes) {
        reason_ = fmt::format("more than {} bytes came out of the test", kOutputBytes);
      } else if (std::chrono::steady_clock::now() > until) {
        reason_ = fmt::format("the test took longer than {} s", kPatience.count());
      }
      if (reason_.empty()) continue;
      stop.request();
      return;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::string reason_;
  std::thread thread_;
};

}  // namespace

api::QueryResult<api::QueryTestOutcome> run_trial(const api::QueryTest& test, const CompiledScript& script) {
  const Folder folder;
  if (folder.path().empty()) {
    return tl::unexpected(
        QueryFailure{503, "no folder for the rows of the test can be made", "is /tmp full?"});
  }
  plan::Plan plan = script.plan;
  const auto output = use_rows(test, plan, folder.path());
  if (!output) return tl::unexpected(output.error());
  connectors::Factory factory;
  runtime::StopSignal stop;
  Watchdog watchdog(stop, *output);
  const auto report = runtime::run_plan(plan, factory, {}, stop);
  if (const auto reason = watchdog.end(); !reason.empty()) return wrong(reason, "give fewer rows");
  if (!report) return wrong(report.error().message, report.error().hint);
  if (report->failure) return wrong(report->failure->message, report->failure->hint);
  std::ifstream file(*output, std::ios::binary);
  const std::string came(std::istreambuf_iterator<char>(file), {});
  auto difference = row_difference(test.expected, came, kShownLines);
  return api::QueryTestOutcome{difference.empty(), std::move(difference)};
}

}  // namespace dart::apps
