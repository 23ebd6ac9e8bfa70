#include "runtime/ring/spawn.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/check.hpp"
#include "runtime/ring/node_driver.hpp"
#include "runtime/ring/route_trace.hpp"

namespace dart::runtime {

namespace {

namespace asio = boost::asio;

constexpr auto kLook = std::chrono::milliseconds(100);
constexpr std::size_t kFirstJoins = 4;  // a thread
constexpr std::size_t kRequestsInFlight = 256;
constexpr std::size_t kSpareDescriptors = 64;
constexpr int kDays = 2;

/// What all threads share. Vectors have their size before the threads start; an element has one writer.
struct Board {
  explicit Board(const SpawnSettings& s)
      : settings(s), sent_us(s.requests), taken(s.requests), paths(s.requests) {}

  const SpawnSettings& settings;
  Endpoint boot;
  bool makes_ring = true;
  std::atomic<bool> boot_ready{false};  // somebody answers there
  std::atomic<std::size_t> started{0};
  std::atomic<std::size_t> joined{0};
  std::atomic<std::size_t> join_failures{0};
  std::atomic<std::size_t> answered{0};
  std::atomic<std::size_t> failed{0};
  std::vector<std::atomic<std::int64_t>> sent_us;
  std::vector<std::atomic<bool>> taken;  // delivered once: a repeated delivery is not written down
  std::vector<SpawnPath> paths;
  std::vector<NodeId> keys;
};

/// The hosts of one thread.
class Shard {
 public:
  Shard(Board& board, std::size_t index)
      : board_(board), index_(index), guard_(asio::make_work_guard(loop_)), timer_(loop_) {}

  Status add_host(std::shared_ptr<const HostIdentity> identity, const Endpoint& listen,
                  const std::optional<RingId>& ring) {
    TransportSettings transport;
    transport.identity = std::move(identity);
    transport.listen = {listen};
    auto& host = hosts_.emplace_back(std::make_unique<Host>(*this, hosts_.size()));
    host->driver = std::make_unique<NodeDriver>(loop_, std::move(transport), board_.settings.profile, *host);
    DART_TRY_STATUS(host->driver->listen());
    if (ring) host->driver->transport().set_ring(*ring);
    return {};
  }
  [[nodiscard]] NodeDriver& driver(std::size_t host) { return *hosts_[host]->driver; }
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
  void set_share(std::size_t nodes) { share_ = nodes; }

  void run() {
    if (index_ == 0 && board_.makes_ring) {
      const auto node = add_node(0);
      driver(0).start(node, {.bootstrap = true, .seeds = {}, .remembered = {}});
    }
    pump();
    loop_.run();
  }
  void stop() {
    asio::post(loop_, [this] {
      guard_.reset();
      timer_.cancel();
      for (auto& host : hosts_) host->driver->transport().close();
      loop_.stop();
    });
  }
  void add_to(SpawnReport& report) {
    for (const auto& host : hosts_) {
      report.net.add(host->driver->transport().counters());
      report.connections += host->links;
      report.events += host->driver->steps();
      for (std::uint32_t i = 0; i < host->driver->nodes(); ++i)
        report.ids.push_back(host->driver->core(i).overlay().self().id);
    }
  }
  /// Before they are closed.
  void count_links() {
    asio::post(loop_, [this] {
      for (auto& host : hosts_) host->links = host->driver->transport().connections();
    });
  }

 private:
  struct Host final : NodeEvents {
    Host(Shard& owner, std::size_t number) : shard(owner), index(number) {}
    void on_action(std::uint32_t node, node::Action&& action) override {
      shard.on_action(*this, node, std::move(action));
    }
    Shard& shard;
    std::size_t index;
    std::size_t links = 0;
    std::unique_ptr<NodeDriver> driver;
  };
  struct Place {
    std::size_t host;
    std::uint32_t node;
  };

  std::uint32_t add_node(std::size_t host) {
    ++made_;
    ++board_.started;
    const std::uint32_t node = driver(host).add_node(1);
    places_.push_back({host, node});
    return node;
  }

  /// Starts what may start now; looks again when something ended, and every some milliseconds.
  void pump() {
    if (board_.boot_ready) {
      while (made_ < share_ && joining_ < std::max(kFirstJoins, joined_ / 8)) {
        const std::size_t host = made_ % hosts_.size();
        const std::uint32_t node = add_node(host);
        ++joining_;
        join(host, node);
      }
    }
    if (board_.joined == board_.settings.nodes) send_requests();
    timer_.expires_after(std::chrono::milliseconds(5));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) pump();
    });
  }

  void join(std::size_t host, std::uint32_t node) {
    overlay::NodeHandle seed;
    seed.endpoints[0] = board_.boot;
    driver(host).start(node, {.bootstrap = false, .seeds = {seed}, .remembered = {}});
  }

  /// Every thread sends its share of the requests, its nodes in turn.
  void send_requests() {
    while (in_flight_ < kRequestsInFlight) {
      const std::size_t request = index_ + sent_ * board_.settings.threads;
      if (request >= board_.settings.requests || places_.empty()) return;
      const Place from = places_[sent_++ % places_.size()];
      ++in_flight_;
      board_.sent_us[request] = node_now().us;
      driver(from.host).step(
          from.node,
          overlay::Route{
              board_.paths[request].key, request, kTraceService, overlay::HopMode::Stepwise, true, {}});
    }
  }

  void on_action(Host& host, std::uint32_t node, node::Action&& action) {
    const auto& self = host.driver->core(node).overlay().self();
    if (auto* transit = std::get_if<overlay::Transit>(&action)) {
      append_step(transit->routed.payload, self);
      host.driver->step_later(node, overlay::Resume{std::move(transit->routed)});
    } else if (auto* deliver = std::get_if<overlay::Deliver>(&action)) {
      append_step(deliver->routed.payload, self);
      delivered(deliver->routed);
      host.driver->step_later(
          node, overlay::SendDirect{
                    deliver->routed.origin, kTraceReplyService,
                    encode_trace_reply(deliver->routed.request, node_now().us, deliver->routed.payload)});
    } else if (const auto* direct = std::get_if<overlay::DeliverDirect>(&action)) {
      answered(direct->payload);
    } else if (std::holds_alternative<overlay::Delivered>(action)) {
      --in_flight_;
      ++board_.answered;
    } else if (std::holds_alternative<overlay::RouteFailed>(action)) {
      --in_flight_;
      ++board_.failed;
      ++board_.answered;
    } else if (std::holds_alternative<overlay::Joined>(action)) {
      ++joined_;
      if (joining_ > 0) --joining_;
      ++board_.joined;
      board_.boot_ready = true;
    } else if (std::holds_alternative<overlay::JoinFailed>(action)) {
      ++board_.join_failures;  // the core tries again
    }
  }

  void delivered(const overlay::Routed& routed) {
    const auto steps = decode_steps(routed.payload);
    if (steps) write_down(routed.request, *steps);
  }

  /// The first to come writes: a request may be delivered again.
  bool write_down(std::uint64_t request, const std::vector<TraceStep>& steps) {
    if (request >= board_.paths.size() || board_.taken[request].exchange(true)) return false;
    SpawnPath& path = board_.paths[request];
    path.delay_us = node_now().us - board_.sent_us[request];
    for (const auto& step : steps) path.nodes.push_back(step.id);
    return true;
  }

  void answered(std::string_view payload) {
    const auto reply = decode_trace_reply(payload);
    if (!reply || reply->request >= board_.paths.size()) return;
    // A root of another process cannot write here, and its clock says nothing here.
    if (write_down(reply->request, reply->steps)) return;
    direct_us_.emplace_back(reply->request, node_now().us - reply->delivered_us);
  }

 public:
  /// Straight ways back, by request; read after `run` returned.
  std::vector<std::pair<std::uint64_t, std::int64_t>> direct_us_;

 private:
  Board& board_;
  std::size_t index_;
  asio::io_context loop_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::steady_timer timer_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<Place> places_;
  std::size_t share_ = 0;
  std::size_t made_ = 0;
  std::size_t joining_ = 0;
  std::size_t joined_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t sent_ = 0;
};

Status check_descriptors(std::size_t hosts) {
  // Both ends of each connection between two hosts, and of each host's to itself, are in this process.
  const std::size_t needed = hosts + hosts * (hosts + 1) + kSpareDescriptors;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < needed && limit.rlim_max >= needed) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return {};
  return fail(ErrorCode::Capacity,
              fmt::format("{} endpoints need {} open files, the limit is {}", hosts, needed, limit.rlim_cur),
              std::nullopt, fmt::format("ulimit -n {}, or fewer --endpoints", needed));
}

Result<std::shared_ptr<const HostIdentity>> make_identity(const SpawnSettings& settings,
                                                          const PemPair& authority, std::size_t host,
                                                          std::uint32_t nodes) {
  if (settings.insecure) return HostIdentity::insecure(random_value<HostKey>(), nodes);
  DART_TRY(const auto pair, make_host_certificate(authority, fmt::format("host-{}", host), nodes, kDays));
  return HostIdentity::secure(authority.certificate, pair);
}

/// Everything that can fail, before any thread starts.
Status prepare(const SpawnSettings& settings, Board& board, std::vector<std::unique_ptr<Shard>>& shards) {
  PemPair authority;
  if (!settings.insecure) {
    if (settings.authority) {
      authority = *settings.authority;
    } else {
      DART_TRY(authority, make_authority("dart ring spawn", kDays));
    }
  }
  board.makes_ring = settings.boot.port == 0 || settings.boot == settings.bind;
  board.boot_ready = !board.makes_ring;
  const auto ring = board.makes_ring ? std::optional<RingId>(random_value<RingId>()) : std::nullopt;
  const auto per_host = static_cast<std::uint32_t>(settings.nodes / settings.hosts + 2);
  for (std::size_t i = 0; i < settings.threads; ++i) shards.push_back(std::make_unique<Shard>(board, i));
  for (std::size_t i = 0; i < settings.hosts; ++i) {
    DART_TRY(auto identity,
             make_identity(settings, authority, i, per_host * static_cast<std::uint32_t>(settings.threads)));
    Endpoint listen = settings.bind;
    if (i > 0) listen.port = 0;
    DART_TRY_STATUS(shards[i % shards.size()]->add_host(std::move(identity), listen, ring));
  }
  board.boot = board.makes_ring ? shards[0]->driver(0).transport().endpoint() : settings.boot;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    shards[i]->set_share(settings.nodes / shards.size() + (i < settings.nodes % shards.size() ? 1 : 0));
  }
  Random random(settings.seed);
  for (std::size_t i = 0; i < settings.keys; ++i) board.keys.push_back(NodeId::draw(random));
  for (auto& path : board.paths) path.key = board.keys[random.below(board.keys.size())];
  return {};
}

std::size_t count_wrong_roots(const SpawnReport& report) {
  std::size_t wrong = 0;
  for (const auto& path : report.paths) {
    if (path.nodes.empty()) continue;
    const NodeId& root = path.nodes.back();
    wrong += std::any_of(report.ids.begin(), report.ids.end(),
                         [&](const NodeId& id) { return closer(path.key, id, root); })
                 ? 1
                 : 0;
  }
  return wrong;
}

}  // namespace

Result<SpawnReport> spawn_ring(const SpawnSettings& given,
                               const std::function<bool(const SpawnProgress&)>& keep_going) {
  SpawnSettings settings = given;
  settings.threads = std::clamp<std::size_t>(settings.threads, 1, settings.hosts);
  DART_CHECK(settings.nodes > 0 && settings.hosts > 0 && settings.keys > 0);
  DART_TRY_STATUS(check_descriptors(settings.hosts));
  Board board(settings);
  std::vector<std::unique_ptr<Shard>> shards;
  const TimePoint began = node_now();
  DART_TRY_STATUS(prepare(settings, board, shards));
  std::vector<std::thread> threads;
  for (auto& shard : shards) threads.emplace_back([&shard] { shard->run(); });
  SpawnReport report;
  const TimePoint give_up = began + Duration{settings.give_up_s * 1'000'000};
  while (board.answered < settings.requests || board.joined < settings.nodes) {
    std::this_thread::sleep_for(kLook);
    if (report.join_us == 0 && board.joined == settings.nodes) report.join_us = (node_now() - began).us;
    if (node_now() > give_up || !keep_going({board.joined, board.answered})) {
      report.interrupted = true;
      break;
    }
  }
  report.wall_us = (node_now() - began).us;
  for (auto& shard : shards) shard->count_links();
  for (auto& shard : shards) shard->stop();
  for (auto& thread : threads) thread.join();
  report.joined = board.joined;
  report.join_failures = board.join_failures;
  report.failed = board.failed;
  report.hosts = settings.hosts;
  report.paths = std::move(board.paths);
  for (auto& shard : shards) {
    shard->add_to(report);
    for (const auto& [request, direct_us] : shard->direct_us_) report.paths[request].direct_us = direct_us;
  }
  report.connections /= 2;  // both ends are here
  report.wrong_root = count_wrong_roots(report);
  return report;
}

}  // namespace dart::runtime
