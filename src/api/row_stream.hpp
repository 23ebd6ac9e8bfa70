#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/exchange.hpp"
#include "api/queries_port.hpp"

namespace dart::api {

/// One client that follows the rows of a query: "rows", "missed", "idle" and, at the end, "end" events.
class RowStream final : public RowSink {
 public:
  explicit RowStream(std::weak_ptr<EventSink> client) : client_(std::move(client)) {}

  /// Begins; the client follows until what this gives is let go.
  [[nodiscard]] static std::shared_ptr<void> follow(QueriesPort& port, const std::string& name,
                                                    std::weak_ptr<EventSink> client);

  void rows(std::uint64_t run, const std::vector<std::string>& lines) override;
  void missed(std::uint64_t rows) override;
  void idle() override;
  void end(const std::optional<QueryFailure>& why) override;

 private:
  void send(const char* event, const std::string& data) const;

  std::weak_ptr<EventSink> client_;
  std::shared_ptr<void> tail_;
};

}  // namespace dart::api
