#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "api/http_server.hpp"
#include "api/node_api.hpp"
#include "unit/api/fake_keys.hpp"
#include "unit/api/fake_queries.hpp"
#include "unit/api/fake_ring.hpp"

namespace dart::api {

/// A node's API behind a real server on a thread of its own.
class ApiServer {
 public:
  explicit ApiServer(HttpServerSettings settings = {}, const Tokens* tokens = nullptr)
      : api_(ring, keys, queries, tokens) {
    auto started =
        HttpServer::start(loop_, settings,
                          {[this](const Request& head) { return api_.refusal(head); },
                           [this](const Request& request, const auto& done) { api_.handle(request, done); }});
    if (!started) {
      ADD_FAILURE() << started.error().message;
      return;
    }
    server_ = *std::move(started);
    address_ = "127.0.0.1:" + std::to_string(server_->port());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~ApiServer() {
    boost::asio::post(loop_, [this] { server_.reset(); });
    if (thread_.joinable()) thread_.join();
  }
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// Done there when this returns.
  template <class Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    boost::asio::post(loop_, [&task] { task(); });
    return result.get();
  }

  FakeRing ring;
  FakeKeys keys;
  FakeQueries queries;

 private:
  NodeApi api_;
  boost::asio::io_context loop_;
  std::unique_ptr<HttpServer> server_;
  std::string address_;
  std::thread thread_;
};

}  // namespace dart::api
