#include "engine/pipeline.hpp"

#include <algorithm>

#include "engine/operators/catalogue.hpp"

namespace dart::engine {

namespace {

/// The near end of an exchange: copies chunks, since they may cross to another thread.
class ExchangeSender final : public Operator {
 public:
  ExchangeSender(std::size_t exchange, std::vector<Message>& outgoing)
      : exchange_(exchange), outgoing_(outgoing) {}

  void on_chunk(std::size_t, const Chunk& chunk, Output&) override {
    outgoing_.push_back({exchange_, chunk.deep_copy()});
  }
  void on_progress(std::size_t, const Progress& progress, Output&) override {
    outgoing_.push_back({exchange_, progress});
  }
  void on_watermark(std::size_t, EventTime watermark, Output&) override {
    outgoing_.push_back({exchange_, Watermark{watermark}});
  }
  void on_end(std::size_t, Output&) override { outgoing_.push_back({exchange_, End{}}); }

 private:
  std::size_t exchange_;
  std::vector<Message>& outgoing_;
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
    senders_.push_back(std::make_unique<ExchangeSender>(exchange, outgoing_));
    outputs_[to.from.node].edges_[to.from.output].push_back(
        {senders_.back().get(), 0, &outputs_[to.from.node]});
  }
}

}  // namespace dart::engine
