#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/process_memory.hpp"
#include "apps/ring_command.hpp"
#include "apps/run_script.hpp"
#include "apps/shared_flags.hpp"
#include "apps/spawn_figures.hpp"
#include "apps/text_table.hpp"
#include "runtime/file_io.hpp"
#include "runtime/ring/spawn.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPemBytes = 64U << 10;
constexpr std::size_t kBarCells = 30;

Result<runtime::SpawnSettings> settings_of(const SpawnOptions& options) {
  runtime::SpawnSettings settings;
  DART_TRY(const auto boot,
           runtime::resolve_endpoint(fmt::format("{}:{}", options.boot_host, options.boot_port),
                                     options.boot_port));
  settings.boot = boot.front();
  settings.bind = settings.boot;
  settings.bind.port = options.bind_port;
  const auto local = runtime::local_addresses(0);
  auto address = settings.boot;
  address.port = 0;
  const bool boot_is_here =
      runtime::is_loopback(address) || std::find(local.begin(), local.end(), address) != local.end();
  if (!boot_is_here) {
    settings.bind = local.front();
    settings.bind.port = options.bind_port;
  }
  settings.insecure = options.insecure;
  if (options.insecure && !runtime::is_loopback(settings.boot)) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("--insecure is for loopback only, not for {}", options.boot_host), std::nullopt,
                "leave --insecure out");
  }
  const bool makes_ring = settings.boot.port == 0 || settings.boot == settings.bind;
  if (!options.ca_folder.empty()) {
    runtime::PemPair authority;
    DART_TRY(authority.certificate, runtime::read_file(options.ca_folder + "/ca.pem", kPemBytes));
    DART_TRY(authority.key, runtime::read_private_file(options.ca_folder + "/ca-key.pem", kPemBytes));
    settings.authority = std::move(authority);
  } else if (!makes_ring && !options.insecure) {
    return fail(ErrorCode::InvalidArgument, "joining another process's ring needs its authority",
                std::nullopt, "give --ca DIR (made by `dart cert ca`) to both, or --insecure on loopback");
  }
  settings.nodes = options.nodes;
  settings.requests = options.requests_given ? options.requests : options.nodes;
  settings.hosts = std::min(options.endpoints, options.nodes);
  settings.threads = options.threads;
  settings.profile = profile_of(options.profile);
  settings.seed = options.seed_given ? options.seed : runtime::random_value<std::uint32_t>();
  return settings;
}

/// A bar on a terminal, nothing elsewhere.
class Bar {
 public:
  explicit Bar(const runtime::SpawnSettings& settings)
      : settings_(settings), on_(isatty(STDERR_FILENO) == 1) {}
  void show(const runtime::SpawnProgress& progress) const {
    if (!on_) return;
    const bool joining = progress.joined < settings_.nodes;
    const std::size_t done = joining ? progress.joined : progress.answered;
    const std::size_t all = std::max<std::size_t>(joining ? settings_.nodes : settings_.requests, 1);
    const std::size_t cells = std::min(kBarCells, done * kBarCells / all);
    std::cerr << fmt::format("\r{:<8} [{}{}] {} of {} ", joining ? "joining" : "routing",
                             std::string(cells, '#'), std::string(kBarCells - cells, '.'), done, all)
              << std::flush;
  }
  ~Bar() {
    if (on_) std::cerr << "\r\033[K" << std::flush;
  }
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;

 private:
  const runtime::SpawnSettings& settings_;
  bool on_;
};

Status write_paths(const std::string& file, const runtime::SpawnReport& report) {
  std::ofstream out(file, std::ios::trunc);
  for (const auto& path : report.paths) {
    out << path.key.text();
    for (const auto& node : path.nodes) out << ' ' << node.text();
    out << '\n';
  }
  if (out.flush()) return {};
  return fail(ErrorCode::Io, fmt::format("cannot write '{}'", file));
}

double seconds(std::int64_t us) { return static_cast<double>(us) / 1e6; }

Json to_json(const runtime::SpawnSettings& settings, const SpawnOptions& options,
             const runtime::SpawnReport& report, const SpawnFigures& figures) {
  Json levels = Json::array();
  for (const auto& level : figures.paths.levels) {
    levels.push_back({{"level", level.level},
                      {"appearances", level.appearances},
                      {"distinct", level.distinct},
                      {"max", level.max}});
  }
  Json histogram = Json::object();
  const auto& hops = figures.paths.hops_histogram;
  for (std::size_t i = 0; i < hops.size(); ++i) {
    if (hops[i] > 0) histogram[std::to_string(i)] = hops[i];
  }
  Json stretch = nullptr;
  if (figures.stretch.ways > 0) {
    stretch = {{"median", figures.stretch.median},
               {"p90", figures.stretch.p90},
               {"ratio_of_means", figures.stretch.ratio_of_means}};
  }
  return {{"nodes", settings.nodes},
          {"joined", report.joined},
          {"requests", settings.requests},
          {"delivered", figures.paths.paths},
          {"wrong_root", report.wrong_root},
          {"failed", report.failed},
          {"hops",
           {{"mean", figures.paths.hops_mean}, {"max", figures.paths.hops_max}, {"histogram", histogram}}},
          {"delay_us", {{"median", figures.delay_median_us}, {"p99", figures.delay_p99_us}}},
          {"stretch", stretch},
          {"levels", levels},
          {"loaded_share", figures.loaded_share},
          {"busiest", figures.paths.busiest},
          {"wall_s", seconds(report.wall_us)},
          {"join_s", seconds(report.join_us)},
          {"join_failures", report.join_failures},
          {"peak_rss_mb", peak_rss_mb()},
          {"events", report.events},
          {"virtual_s", nullptr},
          {"seed", settings.seed},
          {"profile", options.profile},
          {"secure", !settings.insecure},
          {"endpoints", report.hosts},
          {"connections", report.connections},
          {"messages", report.net.messages_received},
          {"socket_bytes", report.net.socket_bytes_sent},
          {"dropped", dropped_json(report.net)}};
}

void print_table(const runtime::SpawnSettings& settings, const SpawnOptions& options,
                 const runtime::SpawnReport& report, const SpawnFigures& figures) {
  std::cout << fmt::format(
      "{} of {} nodes joined in {:.2f} s over {} endpoints, {} connections, {}, profile {}\n",
      grouped(report.joined), grouped(settings.nodes), seconds(report.join_us), report.hosts,
      report.connections, settings.insecure ? "plain" : "TLS 1.3", options.profile);
  std::cout << fmt::format("{} of {} requests delivered, {} at a wrong root, {} given up; seed {}\n",
                           grouped(figures.paths.paths), grouped(settings.requests), report.wrong_root,
                           report.failed, settings.seed);
  TextTable table({"level", "appearances", "distinct nodes", "busiest"});
  for (const auto& level : figures.paths.levels) {
    table.add_row({fmt::format("{}", level.level), grouped(level.appearances), grouped(level.distinct),
                   grouped(level.max)});
  }
  std::cout << table.text();
  std::cout << fmt::format("{:.1f} % of the nodes loaded beyond level 1, the busiest {} times\n",
                           100 * figures.loaded_share, figures.paths.busiest);
  std::cout << fmt::format("hops mean {:.3f}, max {}; delay median {:.2f} ms, 99th {:.2f} ms\n",
                           figures.paths.hops_mean, figures.paths.hops_max,
                           static_cast<double>(figures.delay_median_us) / 1000,
                           static_cast<double>(figures.delay_p99_us) / 1000);
  std::cout << fmt::format("{} messages, {} written to sockets; {:.2f} s, peak memory {:.0f} MB\n",
                           grouped(report.net.messages_received),
                           readable_bytes(report.net.socket_bytes_sent), seconds(report.wall_us),
                           peak_rss_mb());
}

Result<bool> spawn(const SpawnOptions& options) {
  DART_TRY(const auto settings, settings_of(options));
  if (!options.json) std::cout << fmt::format("seed {}\n", settings.seed) << std::flush;
  runtime::StopSignal stop;
  const runtime::StopOnSignals on_signals(stop);
  runtime::SpawnReport report;
  {
    const Bar bar(settings);
    DART_TRY(report, runtime::spawn_ring(settings, [&](const runtime::SpawnProgress& progress) {
               bar.show(progress);
               return !stop.requested();
             }));
  }
  if (!options.out.empty()) DART_TRY_STATUS(write_paths(options.out, report));
  const SpawnFigures figures = figures_of(report);
  if (options.json) {
    std::cout << to_json(settings, options, report, figures).dump() << '\n';
  } else {
    print_table(settings, options, report, figures);
  }
  return !report.interrupted && figures.paths.paths == settings.requests && report.wrong_root == 0;
}

}  // namespace

int ring_spawn_command(const SpawnOptions& options) {
  runtime::ignore_broken_pipes();
  const auto good = spawn(options);
  if (!good) {
    std::cerr << error_line(good.error()) << '\n';
    return 1;
  }
  return *good && std::cout.flush() ? 0 : 1;
}

}  // namespace dart::apps
