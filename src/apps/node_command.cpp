#include "apps/node_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "api/http_server.hpp"
#include "api/node_api.hpp"
#include "apps/node_port.hpp"
#include "apps/node_queries.hpp"
#include "apps/run_script.hpp"
#include "apps/secret.hpp"
#include "apps/service_notice.hpp"
#include "apps/shared_flags.hpp"
#include "connectors/catalogue.hpp"
#include "connectors/line_sink.hpp"
#include "runtime/file_io.hpp"
#include "runtime/net/endpoint.hpp"
#include "runtime/ring/ring_node.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

namespace asio = boost::asio;
using runtime::Endpoint;

constexpr std::uint16_t kOverlayPort = 7400;
/// Each label is a tree that the node takes part in.
constexpr std::size_t kMostLabels = 32;
constexpr std::size_t kPemBytes = 64U << 10;
constexpr std::size_t kTokensBytes = 1U << 20;
constexpr int kInterruptedExit = 130;

Result<Endpoint> only_endpoint(const std::string& text, std::uint16_t port) {
  DART_TRY(const auto found, runtime::resolve_endpoint(text, port));
  return found.front();
}

tl::unexpected<Error> not_loopback(const std::string& what) {
  return fail(ErrorCode::InvalidArgument, fmt::format("--insecure is for loopback only, not for {}", what),
              std::nullopt,
              "make certificates with `dart cert ca` and `dart cert host`, and give --ca, --cert and --key");
}

Result<std::shared_ptr<const runtime::HostIdentity>> load_identity(const NodeOptions& options) {
  if (options.insecure) {
    if (!options.ca.empty() || !options.cert.empty() || !options.key.empty()) {
      return fail(ErrorCode::InvalidArgument, "--insecure and certificates exclude each other");
    }
    return std::shared_ptr<const runtime::HostIdentity>();
  }
  if (options.ca.empty() || options.cert.empty() || options.key.empty()) {
    return fail(ErrorCode::InvalidArgument, "a node needs --ca, --cert and --key", std::nullopt,
                "make them with `dart cert ca` and `dart cert host NAME`, or try --insecure on loopback");
  }
  DART_TRY(const auto ca, runtime::read_file(options.ca, kPemBytes));
  runtime::PemPair host;
  DART_TRY(host.certificate, runtime::read_file(options.cert, kPemBytes));
  DART_TRY(host.key, runtime::read_private_file(options.key, kPemBytes));
  return runtime::HostIdentity::secure(ca, host);
}

/// The addresses that the node may be told to use, checked against --insecure.
Status set_endpoints(const NodeOptions& options, runtime::RingNodeSettings& settings) {
  auto listen = options.listen;
  if (listen.empty()) listen.push_back(options.insecure ? "127.0.0.1" : "0.0.0.0");
  for (const auto& text : listen) {
    DART_TRY(const auto endpoint, only_endpoint(text, kOverlayPort));
    if (options.insecure && !runtime::is_loopback(endpoint)) return not_loopback(text);
    settings.listen.push_back(endpoint);
  }
  for (const auto& text : options.advertise) {
    DART_TRY(const auto endpoint, only_endpoint(text, settings.listen.front().port));
    if (options.insecure && !runtime::is_loopback(endpoint)) return not_loopback(text);
    settings.advertise.push_back(endpoint);
  }
  if (options.advertise.empty() && runtime::is_wildcard(settings.listen.front())) {
    // Port 0 stands for the one that is bound.
    settings.advertise = {runtime::local_addresses(settings.listen.front().port).front()};
  }
  if (!options.insecure) return {};
  for (const auto& name : options.join) {
    DART_TRY(const auto seeds, runtime::resolve_endpoint(name, kOverlayPort));
    const bool local =
        std::all_of(seeds.begin(), seeds.end(), [](const Endpoint& e) { return runtime::is_loopback(e); });
    if (!local) return not_loopback(name);
  }
  return {};
}

Result<runtime::RingNodeSettings> settings_of(const NodeOptions& options) {
  runtime::RingNodeSettings settings;
  settings.folder = options.data;
  settings.join = options.join;
  settings.bootstrap = options.bootstrap;
  settings.profile = profile_of(options.profile);
  if (options.labels.size() > kMostLabels) {
    return fail(ErrorCode::Capacity, fmt::format("a node has {} labels at most", kMostLabels));
  }
  settings.labels = options.labels;
  if (!options.name.empty()) settings.labels.push_back("node=" + options.name);
  std::sort(settings.labels.begin(), settings.labels.end());
  settings.labels.erase(std::unique(settings.labels.begin(), settings.labels.end()), settings.labels.end());
  settings.directory = directory_config_of(options.profile);
  settings.directory.lend_bytes = options.lend_disk;
  settings.queries = placement::in_pace_of(settings.profile);
  settings.queries.capacity = options.capacity;
  settings.hosting.workers = options.workers;
  settings.hosting.chunk_rows = options.chunk_rows;
  settings.hosting.memory_bytes = options.memory;
  settings.hosting.is_live = connectors::is_live;
  settings.hosting.open_lines = [](const plan::TableDefinition& table, auto line) {
    return connectors::open_line_sink(table, std::move(line));
  };
  DART_TRY(settings.identity, load_identity(options));
  DART_TRY_STATUS(set_endpoints(options, settings));
  return settings;
}

/// One line an event, for people or as JSON.
class Announcer {
 public:
  explicit Announcer(bool json) : json_(json) {}
  void say(const char* event, const nlohmann::ordered_json& fields) const {
    if (json_) {
      nlohmann::ordered_json line{{"event", event}};
      line.update(fields);
      std::cout << line.dump() << std::endl;
      return;
    }
    std::cout << event;
    for (const auto& [name, value] : fields.items()) {
      std::cout << ' ' << name << ' ' << (value.is_string() ? value.get<std::string>() : value.dump());
    }
    std::cout << std::endl;
  }

 private:
  bool json_;
};

/// Tells once that the node has joined.
class JoinWatch {
 public:
  JoinWatch(asio::io_context& loop, const runtime::RingNode& node, const Announcer& announcer)
      : timer_(loop), node_(node), announcer_(announcer) {}
  void look() {
    const auto view = node_.view();
    if (view.joined) {
      announcer_.say("joined", {{"ring", runtime::hex_text(node_.ring())}});
      notify_service("READY=1");
      return;
    }
    timer_.expires_after(std::chrono::milliseconds(20));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) look();
    });
  }
  void stop() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
  const runtime::RingNode& node_;
  const Announcer& announcer_;
};

std::pair<std::string, std::uint16_t> host_and_port(const Endpoint& endpoint) {
  std::string text = runtime::text_of(endpoint);
  text.resize(text.rfind(':'));
  if (text.front() == '[') text = text.substr(1, text.size() - 2);
  return {text, endpoint.port};
}

/// The tokens of a file that only its owner may read; nothing without one.
Result<std::optional<api::Tokens>> load_tokens(const std::string& file) {
  if (file.empty()) return std::optional<api::Tokens>();
  DART_TRY(const auto text, runtime::read_private_file(file, kTokensBytes));
  DART_TRY(auto tokens, api::Tokens::parse(text, resolve_secret));
  return std::optional<api::Tokens>(std::move(tokens));
}

api::HttpServer::Service service_of(const api::NodeApi& api) {
  return {[&api](const api::Request& head) { return api.refusal(head); },
          [&api](const api::Request& request, const auto& done) { api.handle(request, done); }};
}

QueryHostView view_of(runtime::QueryHost& host) {
  return {[&host](const overlay::NodeHandle& at, const Key& query, std::uint64_t run, std::uint64_t first,
                  auto done) { host.fetch_rows(at, query, run, first, std::move(done)); },
          [&host] { return host.hosted(); }};
}

Result<int> run_node(const NodeOptions& options) {
  DART_TRY(auto settings, settings_of(options));
  DART_TRY(const auto tokens, load_tokens(options.tokens));
  connectors::Factory connectors;
  settings.connectors = &connectors;
  asio::io_context loop(1);
  std::optional<Error> failure;
  const Announcer announcer(options.json);
  std::unique_ptr<JoinWatch> watch;
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  std::unique_ptr<api::HttpServer> http;
  DART_TRY(const auto node,
           runtime::RingNode::start(loop, std::move(settings), [&](std::optional<Error> why) {
             failure = std::move(why);
             watch->stop();
             signals.cancel();
             http.reset();
             loop.stop();
           }));
  watch = std::make_unique<JoinWatch>(loop, *node, announcer);
  NodePort port(*node, options.name, options.profile);
  NodeQueries queries(loop, port, port, node->queries(), view_of(*node->host()));
  const api::NodeApi node_api(port, port, queries, tokens ? &*tokens : nullptr);
  nlohmann::ordered_json started{{"endpoint", runtime::text_of(node->driver().transport().endpoint())},
                                 {"node", node->view().self.id.text()}};
  if (options.http != "off") {
    DART_TRY(const auto at, only_endpoint(options.http, 7480));
    const auto [address, number] = host_and_port(at);
    api::HttpServerSettings serving;
    serving.address = address;
    serving.port = number;
    serving.guarded = tokens.has_value();
    DART_TRY(http, api::HttpServer::start(loop, serving, service_of(node_api)));
    started["http"] = fmt::format("{}:{}", address, http->port());
  }
  announcer.say("started", started);
  bool asked = false;
  std::function<void(const boost::system::error_code&, int)> on_signal =
      [&](const boost::system::error_code& error, int) {
        if (error) return;
        if (std::exchange(asked, true)) _exit(kInterruptedExit);
        notify_service("STOPPING=1");
        node->leave();
        signals.async_wait(on_signal);
      };
  signals.async_wait(on_signal);
  watch->look();
  loop.run();
  if (failure) return tl::unexpected(*failure);
  announcer.say("left", nlohmann::ordered_json::object());
  return 0;
}

}  // namespace

int node_start_command(const NodeOptions& options) {
  runtime::ignore_broken_pipes();
  const auto code = run_node(options);
  if (code) return *code;
  std::cerr << error_line(code.error()) << '\n';
  return 1;
}

}  // namespace dart::apps
