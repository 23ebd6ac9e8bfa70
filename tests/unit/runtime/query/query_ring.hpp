#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "placement/port.hpp"
#include "plan/distribution.hpp"
#include "runtime/query/query_host.hpp"
#include "sql/compile.hpp"
#include "support/memory_connectors.hpp"
#include "unit/runtime/net/test_hosts.hpp"

namespace dart::runtime::test {

/// Numbers from `base` on, one a microsecond of event time, as many as `allowed`; ends after `rows`.
struct Numbers {
  std::int64_t base = 0;
  std::int64_t rows = 0;
  std::atomic<std::int64_t> allowed{INT64_MAX};
  std::atomic<std::int64_t> read{0};
  std::size_t padding = 0;  ///< characters of the column `pad`
};

class NumbersSource final : public engine::Source {
 public:
  NumbersSource(const engine::ReadRequest& request, Numbers& numbers)
      : request_(request), numbers_(numbers) {}

  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) override {
    engine::ReadOutcome outcome;
    outcome.origin_first = outcome.origin_last = now;
    const std::int64_t end = std::min(numbers_.rows, numbers_.allowed.load());
    const auto count = static_cast<std::size_t>(
        std::clamp<std::int64_t>(end - next_, 0, static_cast<std::int64_t>(max_rows)));
    outcome.rows = count;
    outcome.first_seq = next_ + 1;
    outcome.last_seq = next_ + static_cast<std::int64_t>(count);
    fill(count, out);
    next_ += static_cast<std::int64_t>(count);
    numbers_.read = next_;
    outcome.end = next_ == numbers_.rows;
    if (count == 0 && !outcome.end) outcome.wake_at = now + Duration{1000};
    return outcome;
  }
  const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }

 private:
  void fill(std::size_t count, columnar::Chunk& out) const {
    out.rows = count;
    out.columns.resize(request_.columns.size());
    for (std::size_t c = 0; c < request_.columns.size(); ++c) {
      out.columns[c].reset(request_.table->columns[request_.columns[c]].type, count);
      for (std::size_t r = 0; r < count; ++r) {
        const std::int64_t number = next_ + static_cast<std::int64_t>(r);
        if (request_.columns[c] == 2) {
          out.columns[c].set_value(r, columnar::Value::text(std::string(numbers_.padding, 'x')));
        } else {
          out.columns[c].mutable_data<std::int64_t>()[r] =
              request_.columns[c] == 0 ? numbers_.base + number : number;
        }
      }
    }
    if (!request_.want_steps) return;
    out.steps.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), count);
    for (std::size_t r = 0; r < count; ++r) {
      out.steps.mutable_data<std::int64_t>()[r] = next_ + static_cast<std::int64_t>(r) + 1;
    }
  }

  engine::ReadRequest request_;
  Numbers& numbers_;
  std::int64_t next_ = 0;
  std::map<std::string, std::uint64_t> errors_;
};

class LinesSink final : public engine::Sink {
 public:
  explicit LinesSink(std::function<void(std::string_view)> line) : line_(std::move(line)) {}
  Status write(const columnar::Chunk& chunk, const engine::Progress&) override {
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      std::string text;
      for (const columnar::Vector& column : chunk.columns) {
        text += (text.empty() ? "" : "|") + column.value(r).to_string();
      }
      line_(text);
      ++rows_;
    }
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  std::uint64_t rows_written() const override { return rows_; }

 private:
  std::function<void(std::string_view)> line_;
  std::uint64_t rows_ = 0;
};

/// A host that runs queries, and everything that it feeds.
class QueryNode final : public TransportEvents, public engine::ConnectorFactory {
 public:
  QueryNode(boost::asio::io_context& loop, std::uint8_t number, QueryHostSettings settings = {})
      : identity_(anybody(number)) {
    TransportSettings transport_settings;
    transport_settings.identity = identity_;
    transport_settings.listen = {loopback()};
    transport = std::make_unique<Transport>(loop, transport_settings, *this);
    transport->set_ring(kRing);
    EXPECT_TRUE(transport->listen());
    self.id = node_id(identity_->proof().key, 0);
    self.endpoints[0] = transport->endpoint();
    numbers.base = number * std::int64_t{1'000'000'000};
    settings.open_lines = [](const plan::TableDefinition&, std::function<void(std::string_view)> line)
        -> Result<std::unique_ptr<engine::Sink>> { return std::make_unique<LinesSink>(std::move(line)); };
    host = std::make_unique<QueryHost>(loop, *transport, self, *this, settings,
                                       [this](node::Input input) { fed.push_back(std::move(input)); });
  }

  Intake on_message(const NodeId& from, const Endpoint& peer, Channel, std::string_view body) override {
    if (lose > 0 && --lose > 0) return Intake::Taken;
    frames.emplace_back(body);
    return host->on_frame(from, peer, body);
  }
  void on_no_such_node(const Endpoint&, const NodeId&) override {}
  void on_unreachable(const Endpoint&, bool) override {}
  void on_ring(const RingId&) override {}

  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override {
    if (missing) return fail(ErrorCode::Io, "t.csv: No such file or directory");
    return std::make_unique<NumbersSource>(request, numbers);
  }
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override {
    return fail(ErrorCode::Unsupported, "no table " + table.name);
  }

  template <class What>
  [[nodiscard]] std::vector<What> heard() const {
    std::vector<What> found;
    for (const auto& input : fed) {
      if (const auto* one = std::get_if<What>(&input)) found.push_back(*one);
    }
    return found;
  }

  overlay::NodeHandle self;
  Numbers numbers;
  bool missing = false;
  int lose = 0;  ///< frames that do not arrive, and one
  std::vector<std::string> frames;
  std::vector<node::Input> fed;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<QueryHost> host;

 private:
  std::shared_ptr<const HostIdentity> identity_;
};

/// A query over the table t of some hosts, as a scheduler would run it.
struct RingQuery {
  std::string name = "q";
  Key key{1, 2};
  plan::Distribution distribution;
  std::string program;
  std::vector<placement::StageShape> stages;
  std::vector<placement::EdgeShape> edges;
  std::vector<placement::Placed> placed;
  std::uint64_t epoch = 1;
  std::uint64_t run = 1;

  explicit RingQuery(const std::string& select, std::uint32_t partitions = 1) {
    plan::Catalogue known = support::memory_catalogue();
    plan::ConnectorSpec out;
    out.name = "stdout";
    out.is_sink = true;
    known.connectors.push_back(out);
    plan::FormatSpec table;
    table.name = "table";
    table.writes = true;
    known.formats.push_back(table);
    const auto script = sql::compile(
        "CREATE TABLE t (v bigint, ts timestamp, pad text) WITH (connector = 'memory', event_time = ts, "
        "tie_break = 'v'); " +
            select,
        {}, known);
    EXPECT_TRUE(script) << script.error().message;
    auto made = plan::distribute(script->plan, {partitions});
    EXPECT_TRUE(made) << made.error().message;
    distribution = std::move(*made);
    program = plan::encode(distribution);
    for (const auto& stage : distribution.stages) {
      stages.emplace_back();
      stages.back().role = static_cast<placement::StageRole>(stage.role);
      stages.back().partitions = stage.partitions;
    }
    for (const auto& exchange : distribution.exchanges) {
      edges.push_back({static_cast<std::uint32_t>(exchange.from_stage),
                       static_cast<std::uint32_t>(exchange.to_stage),
                       static_cast<placement::EdgeKind>(exchange.kind)});
    }
  }

  /// Readers on `readers`, everything else on `others` by turns.
  void place(const std::vector<const QueryNode*>& readers, const std::vector<const QueryNode*>& others) {
    placed.clear();
    std::size_t turn = 0;
    for (std::uint32_t s = 0; s < stages.size(); ++s) {
      const bool reads = stages[s].role == placement::StageRole::Source;
      const std::size_t count = reads ? readers.size() : stages[s].partitions;
      for (std::uint32_t n = 0; n < count; ++n) {
        const auto* node = reads ? readers[n] : others[turn++ % others.size()];
        placed.push_back({{s, n}, node->self, {}, false});
      }
    }
    for (auto& from : placed) {
      for (const auto& exchange : distribution.exchanges) {
        if (exchange.from_stage != from.id.stage) continue;
        for (const auto& to : placed) {
          if (to.id.stage == exchange.to_stage) from.to.push_back(to.id);
        }
      }
    }
  }
  [[nodiscard]] placement::OpenInstance open(const placement::Placed& one) const {
    return {key, name, epoch, run, one.id, program, stages, edges, placed, 0, 0, {}};
  }
  /// Opens all that is placed on one of these.
  void open_at(const std::vector<QueryNode*>& nodes) const {
    for (QueryNode* node : nodes) {
      node->host->fence({key, epoch, false});
      for (const auto& one : placed) {
        if (one.host.id == node->self.id) node->host->open(open(one));
      }
    }
  }
};

}  // namespace dart::runtime::test
