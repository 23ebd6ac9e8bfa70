#include "runtime/query/engine_unit.hpp"

#include <utility>

namespace dart::runtime {

namespace {

class EngineUnit final : public RingUnit {
 public:
  EngineUnit(std::shared_ptr<const plan::Distribution> distribution,
             std::unique_ptr<engine::Instance> instance)
      : distribution_(std::move(distribution)), instance_(std::move(instance)) {}

  bool has_sources() const override { return instance_->has_sources(); }
  engine::Instance::Turn poll(TimePoint time, std::size_t budget_rows) override {
    return instance_->poll(time, budget_rows);
  }
  void receive(engine::Message message) override { instance_->receive(std::move(message)); }
  void pause() override { instance_->pause(); }
  void stop_sources() override { instance_->stop_sources(); }
  std::vector<engine::Message>& outgoing() override { return instance_->outgoing(); }
  bool finished() const override { return instance_->finished(); }
  const std::optional<Error>& failure() const override { return instance_->failure(); }
  std::vector<int> ready_fds() const override { return instance_->ready_fds(); }

  void start_barrier(std::uint64_t barrier) override { instance_->start_barrier(barrier); }
  std::optional<std::uint64_t> held_barrier() const override { return instance_->held_barrier(); }
  void resume() override { instance_->resume(); }
  std::string snapshot() const override { return instance_->snapshot(); }
  Status restore(std::string_view bytes) override { return instance_->restore(bytes); }
  std::vector<engine::OperatorReport> report() const override { return instance_->report(); }

 private:
  std::shared_ptr<const plan::Distribution> distribution_;  // outlives the instance
  std::unique_ptr<engine::Instance> instance_;
};

}  // namespace

Result<std::unique_ptr<RingUnit>> open_engine_unit(std::shared_ptr<const plan::Distribution> distribution,
                                                   std::size_t stage, const engine::RingWiring& wiring,
                                                   const engine::InstanceSettings& settings,
                                                   engine::ConnectorFactory& connectors) {
  DART_TRY(auto instance, engine::Instance::open_in_ring(*distribution, stage, wiring, settings, connectors));
  return std::make_unique<EngineUnit>(std::move(distribution), std::move(instance));
}

}  // namespace dart::runtime
