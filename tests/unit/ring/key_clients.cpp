#include "unit/ring/key_clients.hpp"

#include <fmt/format.h>

#include <chrono>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"

namespace dart::test {

namespace {

using Json = nlohmann::json;
using Kind = sim::RegisterOperation::Kind;
using Outcome = sim::RegisterOperation::Outcome;

/// Longer than a node tries.
constexpr std::int64_t kTimeoutS = 12;
/// Between two operations of a client: it is the nodes that are tested, not how busy the machine can be.
constexpr std::chrono::milliseconds kPause{5};
constexpr std::chrono::milliseconds kWhenRefused{50};

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

api::Request request_of(const std::string& key, const sim::RegisterOperation& operation) {
  const std::string path = "/v1/keys/" + key;
  if (operation.kind == Kind::Get) return {"GET", path, {}};
  if (operation.kind == Kind::Delete) {
    return {"DELETE", fmt::format("{}?expected={}", path, operation.expected), {}};
  }
  return {"PUT", path, Json{{"value", *operation.wanted}, {"expected", operation.expected}}.dump()};
}

/// What the answer says of the register.
void take(sim::RegisterOperation& operation, const api::Response& response) {
  const auto body = Json::parse(response.body, nullptr, false);
  if (!body.is_object()) return;
  const bool reads = operation.kind == Kind::Get;
  if (response.status == 200 || (response.status == 404 && reads)) {
    operation.outcome = Outcome::Ok;
  } else if (response.status == 409) {
    operation.outcome = Outcome::Conflict;
  } else {
    operation.outcome = response.status == 504 ? Outcome::Unknown : Outcome::Unavailable;
    return;
  }
  operation.version = body.value("version", std::uint64_t{0});
  if (operation.kind == Kind::Cas && operation.outcome == Outcome::Ok) {
    operation.value = operation.wanted;
  } else if (body.value("exists", false)) {
    operation.value = body.value("value", "");
  }
}

}  // namespace

KeyClients::KeyClients(std::vector<std::string> servers, std::size_t clients, std::size_t keys, unsigned seed)
    : servers_(std::move(servers)), keys_(keys) {
  for (std::uint32_t client = 0; client < clients; ++client) {
    threads_.emplace_back([this, client, seed] { run(client, seed + client); });
  }
}

void KeyClients::stop() {
  ending_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void KeyClients::run(std::uint32_t client, unsigned seed) {
  std::mt19937 random(seed);
  while (!ending_) {
    operate(client, random, servers_[random() % servers_.size()]);
    std::this_thread::sleep_for(kPause);
  }
}

void KeyClients::operate(std::uint32_t client, std::mt19937& random, const std::string& server) {
  const std::string name = key(random() % keys_);
  Operation operation;
  operation.client = client;
  const unsigned choice = static_cast<unsigned>(random() % 10);
  operation.kind = choice < 4 ? Kind::Get : choice < 9 ? Kind::Cas : Kind::Delete;
  {
    const std::lock_guard lock(mutex_);
    operation.expected = newest_[name];
  }
  if (operation.kind == Kind::Cas) operation.wanted = fmt::format("v{}", ++values_);
  (void)perform(server, name, std::move(operation));
}

bool KeyClients::perform(const std::string& server, const std::string& name, Operation operation) {
  auto connection = api::HttpClient::connect(server, kTimeoutS);
  if (!connection) {
    // The node is down: nothing was asked.
    std::this_thread::sleep_for(kWhenRefused);
    return false;
  }
  operation.invoked_at = now_us();
  if (const auto response = connection->ask(request_of(name, operation))) {
    operation.returned_at = now_us();
    take(operation, *response);
  }
  const bool told = operation.outcome == Outcome::Ok || operation.outcome == Outcome::Conflict;
  if (operation.outcome == Outcome::Ok) ++(operation.kind == Kind::Get ? reads_ : acknowledged_);
  const std::lock_guard lock(mutex_);
  if (told) newest_[name] = std::max(newest_[name], operation.version);
  histories_[name].push_back(std::move(operation));
  return told;
}

bool KeyClients::read_all(int patience_s) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(patience_s);
  std::size_t tries = 0;
  Operation look;
  look.client = UINT32_MAX;
  for (std::size_t number = 0; number < keys_; ++number) {
    while (!perform(servers_[tries++ % servers_.size()], key(number), look)) {
      if (std::chrono::steady_clock::now() > until) return false;
    }
  }
  return true;
}

std::optional<std::string> KeyClients::contradiction() const {
  for (const auto& [name, history] : histories_) {
    if (const auto found = sim::find_contradiction(history)) return name + ": " + *found;
  }
  return std::nullopt;
}

}  // namespace dart::test
