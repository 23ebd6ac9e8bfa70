#include "engine/pipeline.hpp"

#include <algorithm>

#include "engine/hash.hpp"
#include "engine/operators/catalogue.hpp"
#include "plan/distribution.hpp"

namespace dart::engine {

namespace {

/// The near end of an exchange: copies chunks, since they may cross to another thread, and deals rows out by
/// key group where there are several receivers.
class ExchangeSender final : public Operator {
 public:
  ExchangeSender(std::size_t exchange, const Exchange& edge, std::vector<Message>& outgoing)
      : exchange_(exchange), keys_(edge.keys), outgoing_(outgoing) {
    if (!keys_.empty()) rows_of_.resize(edge.receivers);
  }

  void on_chunk(std::size_t, const Chunk& chunk, Output&) override {
    if (rows_of_.size() < 2) return send(chunk.deep_copy(), Message::kEach);
    deal_out(chunk);
    for (std::uint32_t receiver = 0; receiver < rows_of_.size(); ++receiver) {
      auto& rows = rows_of_[receiver];
      if (rows.empty()) continue;
      Chunk part;
      chunk.gather(rows.data(), rows.size(), part);
      send(part.deep_copy(), receiver);
      rows.clear();
    }
  }
  void on_progress(std::size_t, const Progress& progress, Output&) override { send(progress); }
  void on_watermark(std::size_t, EventTime watermark, Output&) override { send(Watermark{watermark}); }
  void on_end(std::size_t, Output&) override { send(End{}); }

 private:
  template <class Content>
  void send(Content content, std::uint32_t receiver = Message::kEach) {
    outgoing_.push_back({exchange_, std::move(content), 0, receiver});
  }
  void deal_out(const Chunk& chunk) {
    std::vector<const Vector*> columns;
    for (const std::uint32_t key : keys_) columns.push_back(&chunk.columns[key]);
    hashes_.resize(chunk.rows);
    hash_rows(columns, 0, chunk.rows, hashes_.data());
    for (std::uint32_t row = 0; row < chunk.rows; ++row) {
      const std::uint64_t group = hashes_[row] % plan::kKeyGroups;
      rows_of_[group * rows_of_.size() / plan::kKeyGroups].push_back(row);
    }
  }

  std::size_t exchange_;
  std::vector<std::uint32_t> keys_;
  std::vector<Message>& outgoing_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::vector<std::uint32_t>> rows_of_;  // by receiver
};

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::build(const plan::Plan& plan, const Stages& stages,
                                                  std::size_t stage, const InstanceSettings& settings,
                                                  ConnectorFactory& connectors) {
  auto pipeline = std::unique_ptr<Pipeline>(new Pipeline());
  pipeline->operators_.resize(plan.nodes.size());
  for (const plan::NodeId node : stages.stages[stage].nodes) {
    DART_TRY(pipeline->operators_[node], make_operator({plan, node, connectors}));
  }
  pipeline->wire(plan, stages, stage, settings);
  return pipeline;
}

void Pipeline::prepare(Output& output, Counters& counters, const InstanceSettings& settings) {
  output.counters_ = &counters;
  output.chunk_rows_ = settings.chunk_rows;
  output.clock_ = settings.clock;
  output.nested_ns_ = &nested_ns_;
  output.failures_ = &failures_;
}

void Pipeline::wire(const plan::Plan& plan, const Stages& stages, std::size_t stage,
                    const InstanceSettings& settings) {
  outputs_.resize(plan.nodes.size());
  inputs_.resize(stages.exchanges.size());
  for (const plan::NodeId node : stages.stages[stage].nodes) {
    prepare(outputs_[node], operators_[node]->counters, settings);
  }
  for (const plan::NodeId node : stages.stages[stage].nodes) {
    for (std::size_t port = 0; port < plan.nodes[node].inputs.size(); ++port) {
      const plan::Input& input = plan.nodes[node].inputs[port];
      if (!operators_[input.node]) continue;
      outputs_[input.node].edges_[input.output].push_back({operators_[node].get(), port, &outputs_[node]});
    }
  }
  for (const std::size_t exchange : stages.stages[stage].inputs) {
    const Exchange& from = stages.exchanges[exchange];
    prepare(inputs_[exchange], exchange_counters_, settings);
    inputs_[exchange].edges_[0].push_back({operators_[from.to].get(), from.port, &outputs_[from.to]});
  }
  for (const std::size_t exchange : stages.stages[stage].outputs) {
    const Exchange& to = stages.exchanges[exchange];
    senders_.push_back(std::make_unique<ExchangeSender>(exchange, to, outgoing_));
    outputs_[to.from.node].edges_[to.from.output].push_back(
        {senders_.back().get(), 0, &outputs_[to.from.node]});
  }
}

}  // namespace dart::engine
