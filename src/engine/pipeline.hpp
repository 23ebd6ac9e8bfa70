#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/connector.hpp"
#include "engine/instance.hpp"
#include "engine/operator.hpp"
#include "engine/stage.hpp"

namespace dart::engine {

/// The running operators of one stage, wired by their outputs, and the ends of its exchanges.
class Pipeline {
 public:
  static Result<std::unique_ptr<Pipeline>> build(const plan::Plan& plan, const Stages& stages,
                                                 std::size_t stage, const InstanceSettings& settings,
                                                 ConnectorFactory& connectors);

  /// The operator of a node of this stage; null for others.
  [[nodiscard]] Operator* operator_of(plan::NodeId node) { return operators_[node].get(); }
  [[nodiscard]] Output& output_of(plan::NodeId node) { return outputs_[node]; }
  /// Drives the target of an exchange that ends here.
  [[nodiscard]] Output& input_of(std::size_t exchange) { return inputs_[exchange]; }
  [[nodiscard]] std::vector<Message>& outgoing() { return outgoing_; }
  [[nodiscard]] const std::vector<Error>& failures() const { return failures_; }

 private:
  Pipeline() = default;
  void wire(const plan::Plan& plan, const Stages& stages, std::size_t stage,
            const InstanceSettings& settings);
  void prepare(Output& output, Counters& counters, const InstanceSettings& settings);

  std::vector<std::unique_ptr<Operator>> operators_;  // by node
  std::vector<Output> outputs_;                       // by node
  std::vector<Output> inputs_;                        // by exchange
  std::vector<std::unique_ptr<Operator>> senders_;    // one per outgoing exchange
  std::vector<Message> outgoing_;
  std::vector<Error> failures_;
  Counters exchange_counters_;
  std::int64_t nested_ns_ = 0;
};

}  // namespace dart::engine
