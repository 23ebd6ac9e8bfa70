#include "apps/ring_flags.hpp"

#include <limits>
#include <string>

#include <CLI/CLI.hpp>

#include "apps/cert_command.hpp"
#include "apps/config_file.hpp"
#include "apps/keys_command.hpp"
#include "apps/node_command.hpp"
#include "apps/ring_bench_command.hpp"
#include "apps/ring_command.hpp"
#include "apps/shared_flags.hpp"
#include "base/limits.hpp"

namespace dart::apps {

namespace {

constexpr int kAuthorityDays = 3650;
constexpr int kHostDays = 825;
constexpr std::size_t kMostNodes = 1'000'000;
/// Below that, a node could not even keep what it has to know of its groups.
constexpr std::uint64_t kLeastLentBytes = std::uint64_t{1} << 20;

/// Less would not hold the rows on their way.
constexpr std::uint64_t kLeastMemory = std::uint64_t{16} << 20;
constexpr std::size_t kLabelBytes = 128;

CLI::Validator is_label() {
  return {[](const std::string& text) -> std::string {
            const auto equals = text.find('=');
            if (equals == 0 || equals == std::string::npos) return "a label is a name, = and a value";
            if (text.size() > kLabelBytes) return "a label has 128 bytes at most";
            return {};
          },
          ""};
}

}  // namespace

struct RingFlags::Impl {
  CLI::App* cert = nullptr;
  CLI::App* cert_ca = nullptr;
  CLI::App* cert_host = nullptr;
  CLI::App* cert_show = nullptr;
  CLI::App* node = nullptr;
  CLI::App* node_start = nullptr;
  CLI::App* ring = nullptr;
  CLI::App* ring_ls = nullptr;
  CLI::App* ring_route = nullptr;
  CLI::App* ring_spawn = nullptr;
  CLI::App* ring_bench = nullptr;
  CLI::App* ring_reform = nullptr;
  CLI::App* keys_get = nullptr;
  CLI::App* keys_put = nullptr;
  CLI::App* keys_cas = nullptr;
  CLI::App* keys_remove = nullptr;
  CLI::App* keys_watch = nullptr;
  CLI::App* keys_list = nullptr;
  CLI::Option* requests = nullptr;
  CLI::Option* seed = nullptr;
  std::string output = "table";
  CertOptions authority;
  CertOptions host;
  std::string certificate;
  NodeOptions start;
  std::string start_config;
  ApiAccess access;
  std::string key;
  bool stats = false;
  std::string label;
  SpawnOptions spawn;
  KeysOptions keys;
  bool accept_loss = false;
  RingBenchOptions bench;

  void add_cert(CLI::App& app);
  void add_node(CLI::App& app);
  void add_serving();
  void add_ring(CLI::App& app);
  void add_keys();
  CLI::App* add_key(const char* name, const char* help);
  void add_request(CLI::App* command);
  void add_spawn();
  void add_bench();
};

void RingFlags::Impl::add_cert(CLI::App& app) {
  cert = app.add_subcommand("cert", "Make the certificates that the members of a ring show each other");
  cert->require_subcommand(1);
  cert_ca = cert->add_subcommand("ca", "Make a cluster authority: ca.pem and ca-key.pem");
  authority.name = "dart";
  authority.days = kAuthorityDays;
  cert_ca->add_option("--name", authority.name, "name of the cluster")->capture_default_str();
  cert_ca->add_option("--out", authority.folder, "folder for the new files")
      ->type_name("DIR")
      ->capture_default_str();
  cert_ca->add_option("--days", authority.days, "valid for")
      ->check(CLI::Range(1, 36500))
      ->capture_default_str();
  add_output(*cert_ca, output);
  cert_host = cert->add_subcommand("host", "Make a host's certificate: NAME.pem and NAME-key.pem");
  host.days = kHostDays;
  cert_host->add_option("NAME", host.name, "name of the host")->required();
  cert_host->add_option("--ca", host.ca_folder, "folder with ca.pem and ca-key.pem (default: that of --out)")
      ->type_name("DIR");
  cert_host->add_option("--out", host.folder, "folder for the new files")
      ->type_name("DIR")
      ->capture_default_str();
  cert_host->add_option("--nodes", host.nodes, "nodes that this host may run")
      ->check(CLI::Range(std::size_t{1}, limits::kHostNodes))
      ->capture_default_str();
  cert_host->add_option("--days", host.days, "valid for")->check(CLI::Range(1, 36500))->capture_default_str();
  add_output(*cert_host, output);
  cert_show = cert->add_subcommand("show", "The node id and the limit that a certificate stands for");
  cert_show->add_option("FILE", certificate, "certificate of a host")->required()->type_name("FILE.pem");
  add_output(*cert_show, output);
}

void RingFlags::Impl::add_node(CLI::App& app) {
  node = app.add_subcommand("node", "Run a node of a ring");
  node->require_subcommand(1);
  node_start = node->add_subcommand("start", "Join a ring, or make one, until SIGTERM or Ctrl-C");
  node_start
      ->add_option("--listen", start.listen, "where to listen (0.0.0.0:7400; with --insecure 127.0.0.1:7400)")
      ->type_name("H:P")
      ->allow_extra_args(false);
  node_start
      ->add_option("--advertise", start.advertise,
                   "what others are told, the best first, if not the --listen")
      ->type_name("H:P")
      ->allow_extra_args(false);
  node_start->add_option("--join", start.join, "a member to join through; several are tried in turn")
      ->type_name("H:P")
      ->allow_extra_args(false);
  node_start->add_flag("--bootstrap", start.bootstrap,
                       "make a new ring, unless the data folder knows one already");
  node_start
      ->add_option("--http", start.http,
                   "where to serve the API, without --tokens on loopback only; off: not at all")
      ->type_name("H:P")
      ->capture_default_str();
  node_start->add_option("--data", start.data, "folder of this node; no two nodes share one")
      ->type_name("DIR")
      ->capture_default_str();
  node_start->add_option("--name", start.name, "a name for people");
  add_profile(*node_start, start.profile);
  node_start->add_option("--label", start.labels, "the node joins the group of the nodes with this label")
      ->type_name("K=V")
      ->check(is_label())
      ->allow_extra_args(false);
  node_start
      ->add_option("--lend-disk", start.lend_disk,
                   "what the records of the ring may take of this node's disk (at least 1 MiB)")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::Range(kLeastLentBytes, std::numeric_limits<std::uint64_t>::max()).description(""))
      ->default_str("1GiB");
  node_start->add_option("--ca", start.ca, "certificate of the cluster's authority")->type_name("FILE");
  node_start->add_option("--cert", start.cert, "certificate of this host")->type_name("FILE");
  node_start->add_option("--key", start.key, "private key of this host")->type_name("FILE");
  node_start->add_flag("--insecure", start.insecure, "no TLS; refused beyond loopback");
  add_serving();
  add_output(*node_start, output);
  add_config(*node_start, start_config);
}

/// What the node offers to those who ask it, and to queries.
void RingFlags::Impl::add_serving() {
  node_start
      ->add_option(
          "--tokens", start.tokens,
          "file of bearer tokens, a role and a secret a line; with it HTTP may be served beyond loopback")
      ->type_name("FILE");
  node_start
      ->add_option("--memory", start.memory, "what the queries that run here may take of memory together")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::Range(kLeastMemory, std::numeric_limits<std::uint64_t>::max()).description(""))
      ->default_str("512MiB");
  node_start->add_option("--capacity", start.capacity, "instances of queries at most; 0: as many as fit")
      ->capture_default_str();
  node_start
      ->add_option("--chunk-rows", start.chunk_rows, "rows per chunk at most; results do not depend on it")
      ->check(CLI::Range(std::size_t{1}, limits::kChunkRows))
      ->capture_default_str();
  node_start->add_option("--workers", start.workers, "threads that run queries")
      ->check(CLI::Range(std::size_t{1}, limits::kWorkers))
      ->capture_default_str();
}

void RingFlags::Impl::add_ring(CLI::App& app) {
  ring = app.add_subcommand("ring", "Look at a ring, or spawn one");
  ring->require_subcommand(1);
  ring_ls = ring->add_subcommand("ls", "The nodes that one node knows");
  auto* whole = ring_ls->add_flag("--stats", stats, "what all nodes of the ring counted, together");
  ring_ls->add_option("--label", label, "the nodes of the whole ring that have this label")
      ->type_name("K=V")
      ->check(is_label())
      ->excludes(whole);
  add_access(*ring_ls, access);
  add_output(*ring_ls, output);
  ring_route = ring->add_subcommand("route", "The path to the root of a key");
  ring_route->add_option("KEY", key, "32 hexadecimal digits, or any words")->required();
  add_access(*ring_route, access);
  add_output(*ring_route, output);
  add_keys();
  add_spawn();
  add_bench();
}

/// A command about one record.
CLI::App* RingFlags::Impl::add_key(const char* name, const char* help) {
  CLI::App* command = ring->add_subcommand(name, help);
  command->add_option("NAME", keys.name, "name of the record: 1 to 255 bytes")->required();
  add_access(*command, access);
  add_output(*command, output);
  return command;
}

void RingFlags::Impl::add_request(CLI::App* command) {
  command
      ->add_option("--request", keys.request, "make this change again, of which it is not known how it ended")
      ->type_name("ID");
}

void RingFlags::Impl::add_keys() {
  const char* const value = "its new value, 64 KiB at most; - reads standard input";
  keys_get = add_key("get", "The value of a firm record");
  keys_get->add_flag("--soft", keys.soft, "of a soft record");
  keys_put = add_key("put", "Give a firm record a value, whatever it was");
  keys_put->add_option("VALUE", keys.value, value)->required();
  add_request(keys_put);
  keys_put
      ->add_option(
          "--lifetime", keys.lifetime_s,
          "a soft record instead, of 16 KiB at most: in memory on the five nearest nodes, the newest "
          "version wins, gone after so many seconds")
      ->type_name("S")
      ->excludes("--request");
  keys_cas = add_key("cas", "Change a firm record only if it has the expected version");
  keys_cas->add_option("--expect", keys.expected, "the version; 0: never written")
      ->required()
      ->type_name("N");
  keys_cas->add_option("VALUE", keys.value, value)->required();
  add_request(keys_cas);
  keys_remove = add_key("rm", "Delete a firm record");
  keys_remove->add_option("--expect", keys.expected, "only if it has this version")->type_name("N");
  add_request(keys_remove);
  keys_remove->add_flag("--soft", keys.soft, "a soft record")->excludes("--expect")->excludes("--request");
  keys_watch = add_key("watch", "A firm record now, and each new version of it, until Ctrl-C");
  keys_watch->add_option("--count", keys.count, "end after so many versions")->type_name("N");
  ring_reform = ring->add_subcommand(
      "reform", "Firm records that lost most of their nodes for good go on with what is left");
  ring_reform
      ->add_flag("--accept-loss", accept_loss,
                 "what only the lost nodes knew is gone; they must not come back")
      ->required();
  add_access(*ring_reform, access);
  add_output(*ring_reform, output);
  keys_list = ring->add_subcommand("ls-keys", "Names of firm records");
  keys_list->add_option("PREFIX", keys.prefix, "only names that begin like this");
  add_access(*keys_list, access);
  add_output(*keys_list, output);
}

void RingFlags::Impl::add_spawn() {
  ring_spawn = ring->add_subcommand(
      "spawn", "Many nodes in this process over real sockets, and requests through them");
  ring_spawn->add_option("BIND_PORT", spawn.bind_port, "port of the first endpoint; 0: any")->required();
  ring_spawn->add_option("BOOT_HOST", spawn.boot_host, "whom the nodes ask to join")->required();
  ring_spawn->add_option("BOOT_PORT", spawn.boot_port, "its port; equal to BIND_PORT: make the ring here")
      ->required();
  ring_spawn->add_option("NODES", spawn.nodes, "nodes to start")
      ->required()
      ->check(CLI::Range(std::size_t{1}, kMostNodes));
  requests = ring_spawn->add_option("--requests", spawn.requests, "requests to route (default: one a node)")
                 ->check(CLI::Range(std::size_t{0}, 10 * kMostNodes));
  ring_spawn->add_option("--out", spawn.out, "write the path of each request to this file")
      ->type_name("FILE");
  ring_spawn->add_option("--endpoints", spawn.endpoints, "endpoints that the nodes share")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}))
      ->capture_default_str();
  ring_spawn->add_option("--threads", spawn.threads, "threads that the endpoints share")
      ->check(CLI::Range(std::size_t{1}, limits::kWorkers))
      ->capture_default_str();
  seed = ring_spawn->add_option("--seed", spawn.seed,
                                "of the keys and who asks for them (default: drawn, printed)");
  add_profile(*ring_spawn, spawn.profile);
  ring_spawn
      ->add_option("--ca", spawn.ca_folder, "folder with ca.pem and ca-key.pem (default: one made in memory)")
      ->type_name("DIR");
  ring_spawn->add_flag("--insecure", spawn.insecure, "no TLS; refused beyond loopback");
  add_output(*ring_spawn, output);
}

void RingFlags::Impl::add_bench() {
  ring_bench = ring->add_subcommand("bench", "Measure firm records: a ring of processes on this machine");
  ring_bench->add_option("--nodes", bench.nodes, "processes, each a node")
      ->check(CLI::Range(std::size_t{1}, std::size_t{64}))
      ->capture_default_str();
  ring_bench->add_option("--rate", bench.rate, "compare-and-sets a second, all clients together")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  ring_bench->add_option("--seconds", bench.seconds, "how long")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
  ring_bench->add_option("--clients", bench.clients, "connections, each with one change at a time")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}))
      ->capture_default_str();
  ring_bench->add_option("--data", bench.folder, "where the nodes' folders are made, and removed at the end")
      ->type_name("DIR");
  add_output(*ring_bench, output);
}

RingFlags::RingFlags(CLI::App& app) : impl_(std::make_unique<Impl>()) {
  impl_->add_cert(app);
  impl_->add_node(app);
  impl_->add_ring(app);
}

RingFlags::~RingFlags() = default;

bool RingFlags::chosen() const { return *impl_->cert || *impl_->node || *impl_->ring; }

int RingFlags::run() {
  Impl& it = *impl_;
  const bool json = it.output == "json";
  it.authority.json = it.host.json = it.spawn.json = json;
  if (*it.cert_ca) return cert_ca_command(it.authority);
  if (*it.cert_host) return cert_host_command(it.host);
  if (*it.cert_show) return cert_show_command(it.certificate, json);
  if (*it.node_start) {
    if (const auto applied = apply_config(*it.node_start, it.start_config); !applied) return finish(applied);
    it.start.json = it.output == "json";
    return node_start_command(it.start);
  }
  if (*it.ring_ls && it.stats) return ring_stats_command(it.access, json);
  if (*it.ring_ls && !it.label.empty()) return ring_label_command(it.access, it.label, json);
  if (*it.ring_ls) return ring_ls_command(it.access, json);
  it.bench.json = json;
  if (*it.ring_bench) return ring_bench_command(it.bench);
  it.keys.access = it.access;
  it.keys.json = json;
  if (*it.keys_get) return keys_get_command(it.keys);
  if (*it.keys_put || *it.keys_cas) return keys_put_command(it.keys);
  if (*it.keys_remove) return keys_remove_command(it.keys);
  if (*it.keys_watch) return keys_watch_command(it.keys);
  if (*it.ring_reform) return ring_reform_command(it.keys);
  if (*it.keys_list) return keys_list_command(it.keys);
  if (*it.ring_route) return ring_route_command(it.access, it.key, json);
  it.spawn.requests_given = it.requests->count() > 0;
  it.spawn.seed_given = it.seed->count() > 0;
  return ring_spawn_command(it.spawn);
}

}  // namespace dart::apps
