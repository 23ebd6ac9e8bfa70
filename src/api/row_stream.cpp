#include "api/row_stream.hpp"

#include <fmt/format.h>

#include "api/query_json.hpp"

namespace dart::api {

namespace {

/// Rows come in pieces of any size; one event should not be larger than what may wait for a slow client.
constexpr std::size_t kEventBytes = 128U << 10;

}  // namespace

std::shared_ptr<void> RowStream::follow(QueriesPort& port, const std::string& name,
                                        std::weak_ptr<EventSink> client) {
  auto stream = std::make_shared<RowStream>(std::move(client));
  stream->tail_ = port.tail(name, stream);
  return stream;
}

void RowStream::send(const char* event, const std::string& data) const {
  if (const auto client = client_.lock()) client->send(fmt::format("event: {}\ndata: {}\n\n", event, data));
}

void RowStream::rows(std::uint64_t run, const std::vector<std::string>& lines) {
  std::vector<std::string> piece;
  std::size_t bytes = 0;
  for (const auto& line : lines) {
    if (!piece.empty() && bytes + line.size() > kEventBytes) {
      send("rows", rows_json(run, piece));
      piece.clear();
      bytes = 0;
    }
    piece.push_back(line);
    bytes += line.size();
  }
  if (!piece.empty()) send("rows", rows_json(run, piece));
}

void RowStream::missed(std::uint64_t rows) { send("missed", fmt::format(R"({{"rows":{}}})", rows)); }

void RowStream::idle() { send("idle", "{}"); }

void RowStream::end(const std::optional<QueryFailure>& why) {
  send("end", why ? to_json(*why) : "{}");
  if (const auto client = client_.lock()) client->end();
}

}  // namespace dart::api
