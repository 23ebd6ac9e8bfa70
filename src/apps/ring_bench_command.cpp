#include "apps/ring_bench_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "apps/child_ring.hpp"
#include "apps/run_script.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;
using Seconds = std::chrono::duration<double>;

constexpr std::int64_t kTimeoutS = 30;
/// Time for what was begun to end, before the clock of the measurement starts.
constexpr std::chrono::milliseconds kCalm{500};

/// One client: a connection, records of its own, a change every so often.
class Client {
 public:
  Client(const std::string& server, std::size_t number, const RingBenchOptions& options)
      : server_(server), number_(number), options_(options), versions_(options.records) {}

  /// Writes each record for the first time.
  [[nodiscard]] Status prepare() {
    DART_TRY(auto client, api::HttpClient::connect(server_, kTimeoutS));
    client_.emplace(std::move(client));
    for (std::size_t i = 0; i < versions_.size(); ++i) DART_TRY_STATUS(change(i));
    return {};
  }
  void run(Clock::time_point begin) {
    const Seconds between(static_cast<double>(options_.clients) / options_.rate);
    const auto phase = between * static_cast<double>(number_) / static_cast<double>(options_.clients);
    for (std::size_t i = 0;; ++i) {
      const Seconds at = phase + between * static_cast<double>(i);
      if (at.count() >= options_.seconds) return;
      // A change that has to wait for the one before has been waiting since its time came.
      const auto due = begin + std::chrono::duration_cast<Clock::duration>(at);
      std::this_thread::sleep_until(due);
      const auto status = change(i % versions_.size());
      if (!status) {
        failure = status.error();
        return;
      }
      latencies_us.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due).count());
      ended = Clock::now();
    }
  }

  std::vector<std::int64_t> latencies_us;
  Clock::time_point ended;
  std::optional<Error> failure;

 private:
  Status change(std::size_t record) {
    const Json body{{"value", fmt::format("the value of record {} at version {}", record, versions_[record])},
                    {"expected", versions_[record]}};
    DART_TRY(const auto response,
             client_->ask({"PUT", fmt::format("/v1/keys/bench-{}-{}", number_, record), body.dump()}));
    if (response.status != 200) return fail(ErrorCode::Io, "a change failed: " + response.body);
    ++versions_[record];
    return {};
  }

  std::string server_;
  std::size_t number_;
  const RingBenchOptions& options_;
  std::vector<std::uint64_t> versions_;
  std::optional<api::HttpClient> client_;
};

struct Figures {
  std::size_t changes = 0;
  double seconds = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double most_ms = 0;
  double cpu_share = 0;
  std::uint64_t fsyncs = 0;
  std::uint64_t messages = 0;
};

double quantile_ms(std::vector<std::int64_t>& sorted_us, double share) {
  if (sorted_us.empty()) return 0;
  const auto last = static_cast<double>(sorted_us.size() - 1);
  return static_cast<double>(sorted_us[static_cast<std::size_t>(share * last)]) / 1000;
}

Result<Figures> measure(const ChildRing& ring, const RingBenchOptions& options) {
  std::vector<Client> clients;
  for (std::size_t i = 0; i < options.clients; ++i) {
    clients.emplace_back(ring.http(i % ring.nodes()), i, options);
  }
  for (Client& client : clients) DART_TRY_STATUS(client.prepare());
  std::this_thread::sleep_for(kCalm);
  Figures figures;
  const std::uint64_t fsyncs = ring.counter("record_commits");
  const std::uint64_t messages = ring.counter("messages_sent");
  const double cpu_s = ring.cpu_s();
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (Client& client : clients) threads.emplace_back([&client, begin] { client.run(begin); });
  for (auto& thread : threads) thread.join();
  auto ended = begin;
  for (const Client& client : clients) ended = std::max(ended, client.ended);
  figures.seconds = Seconds(ended - begin).count();
  figures.cpu_share = (ring.cpu_s() - cpu_s) / figures.seconds;
  figures.fsyncs = ring.counter("record_commits") - fsyncs;
  figures.messages = ring.counter("messages_sent") - messages;
  std::vector<std::int64_t> all;
  for (const Client& client : clients) {
    if (client.failure) return tl::unexpected(*client.failure);
    all.insert(all.end(), client.latencies_us.begin(), client.latencies_us.end());
  }
  std::sort(all.begin(), all.end());
  figures.changes = all.size();
  figures.p50_ms = quantile_ms(all, 0.5);
  figures.p99_ms = quantile_ms(all, 0.99);
  figures.most_ms = quantile_ms(all, 1);
  return figures;
}

Status bench(const RingBenchOptions& options) {
  DART_TRY(const auto ring, ChildRing::start(options.nodes, options.folder));
  DART_TRY(const Figures figures, measure(*ring, options));
  const double rate = static_cast<double>(figures.changes) / figures.seconds;
  const double fsyncs = static_cast<double>(figures.fsyncs) / figures.seconds;
  const double messages = static_cast<double>(figures.messages) / figures.seconds;
  if (options.json) {
    const Json line{{"nodes", options.nodes},     {"changes", figures.changes},
                    {"seconds", figures.seconds}, {"changes_per_s", rate},
                    {"p50_ms", figures.p50_ms},   {"p99_ms", figures.p99_ms},
                    {"max_ms", figures.most_ms},  {"cpu_s_per_s", figures.cpu_share},
                    {"fsyncs_per_s", fsyncs},     {"messages_per_s", messages}};
    std::cout << line.dump() << '\n';
    return {};
  }
  std::cout << fmt::format(
      "{} nodes over TLS, {} clients: {} compare-and-sets in {:.1f} s, {:.0f} a second\n"
      "latency p50 {:.2f} ms, p99 {:.2f} ms, most {:.2f} ms\n"
      "all nodes together: {:.2f} s of processor time, {:.0f} fsyncs and {:.0f} messages a second\n",
      options.nodes, options.clients, figures.changes, figures.seconds, rate, figures.p50_ms, figures.p99_ms,
      figures.most_ms, figures.cpu_share, fsyncs, messages);
  return {};
}

}  // namespace

int ring_bench_command(const RingBenchOptions& options) {
  runtime::ignore_broken_pipes();
  const auto status = bench(options);
  if (status) return std::cout.flush() ? 0 : 1;
  std::cerr << error_line(status.error()) << '\n';
  return 1;
}

}  // namespace dart::apps
