#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/world.hpp"

namespace dart::sim {

/// A ring whose nodes take queries. Whoever would open instances is played: it opens each at once, unless
/// told otherwise, and remembers what runs where.
class QueryRing : public Observer {
 public:
  struct Instance {
    std::string name;
    std::uint64_t epoch = 0;
    std::uint64_t run = 0;
    bool held = false;
    std::uint64_t barrier = 0;  ///< it was opened behind
    friend bool operator==(const Instance&, const Instance&) = default;
  };
  using Place = std::pair<std::uint32_t, placement::InstanceId>;  ///< machine, instance

  explicit QueryRing(std::uint32_t nodes, std::uint64_t seed = 5) {
    WorldOptions options;
    options.seed = seed;
    options.directory.emplace();
    options.tree = directory::tree::in_pace_of(options.config);
    options.queries.emplace();
    options.queries->revise = {3'600'000'000};
    options.codec_every = 1;
    options.check_every = 1;
    world.emplace(options, *make_delay_model("plane", Random(1)));
    world->set_observer(this);
    for (std::uint32_t m = 0; m < nodes; ++m) {
      world->add_machine();
      start(m, m == 0);
    }
    run(8);
  }

  void start(std::uint32_t machine, bool bootstrap = false) {
    world->start(machine, {machine == 0 && !bootstrap ? 1U : 0U}, bootstrap);
    run(1);
    const std::string name = "node=n" + std::to_string(machine);
    std::vector<std::string> labels = {name};
    for (const auto& [label, members] : labelled) {
      if (members.contains(machine)) labels.push_back(label);
    }
    for (const std::string& label : labels) {
      world->command(machine, directory::tree::EnterGroup{
                                  directory::tree::group_key(directory::tree::label_group(label))});
    }
    world->command(machine, placement::Identity{labels, 0});
  }
  void crash(std::uint32_t machine) {
    world->crash(machine, true);
    std::erase_if(running, [&](const auto& one) { return one.first.first == machine; });
  }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* done = std::get_if<placement::RequestDone>(&action)) answers[done->tag] = *done;
    if (const auto* open = std::get_if<placement::OpenInstance>(&action)) {
      const auto wrong = unopenable.find(machine);
      placement::Opened opened{open->query, open->epoch, open->instance, std::nullopt, false};
      if (wrong != unopenable.end()) {
        opened.error = wrong->second;
        opened.lasting = true;
      } else {
        running[{machine, open->instance}] = {open->name, open->epoch, open->run, false, open->barrier};
      }
      later.emplace_back(machine, std::move(opened));
    } else if (const auto* fence = std::get_if<placement::Fence>(&action)) {
      std::erase_if(running, [&](const auto& one) {
        return one.first.first == machine && one.second.name == name_of(fence->query) &&
               (one.second.epoch < fence->epoch || fence->stop);
      });
    } else if (const auto* hold = std::get_if<placement::HoldSources>(&action)) {
      for (auto& [place, instance] : running) {
        if (place.first == machine && instance.name == name_of(hold->query)) instance.held = hold->hold;
      }
    } else if (const auto* barrier = std::get_if<placement::StartBarrier>(&action)) {
      // Rows reach everything at once here.
      for (const auto& [place, instance] : running) {
        if (instance.name != name_of(barrier->query)) continue;
        later.emplace_back(place.first, placement::BarrierPassed{barrier->query, barrier->epoch,
                                                                 barrier->barrier, place.second});
      }
    } else if (std::holds_alternative<placement::Drained>(action)) {
      drained.insert(machine);
    } else if (const auto* event = std::get_if<placement::QueryEvent>(&action)) {
      events.push_back(event->what);
    }
  }

  void run(double seconds) {
    const TimePoint until = world->now() + Duration{static_cast<std::int64_t>(seconds * 1e6)};
    while (world->run_one(until)) perform_later();
    world->run_until(until);
    perform_later();
  }
  /// Runs until the request is answered, twenty-five seconds at most.
  placement::RequestDone ask(std::uint32_t machine, placement::RequestKind kind, const std::string& name,
                             std::optional<placement::QuerySpec> spec = std::nullopt) {
    const std::uint64_t tag = ++tags;
    names.insert(name);
    world->command(machine, placement::Request{tag, kind, name, std::move(spec)});
    const TimePoint until = world->now() + Duration{25'000'000};
    while (!answers.contains(tag) && world->run_one(until)) perform_later();
    perform_later();
    return answers[tag];
  }
  /// Seconds until `what` holds, or a negative number.
  template <class What>
  double run_until(What what, double longest) {
    const TimePoint began = world->now();
    const TimePoint until = began + Duration{static_cast<std::int64_t>(longest * 1e6)};
    while (!what()) {
      if (!world->run_one(until)) return -1;
      perform_later();
    }
    return static_cast<double>((world->now() - began).us) / 1e6;
  }

  [[nodiscard]] std::string name_of(const Key& query) const;
  [[nodiscard]] std::vector<Place> places(const std::string& name) const {
    std::vector<Place> found;
    for (const auto& [place, instance] : running) {
      if (instance.name == name) found.push_back(place);
    }
    return found;
  }
  /// The machine that schedules the query, by its own word.
  [[nodiscard]] std::optional<std::uint32_t> scheduler(const std::string& name) const;

  std::optional<World> world;
  std::map<std::string, std::set<std::uint32_t>> labelled;  ///< before start
  std::map<std::uint32_t, std::string> unopenable;          ///< machines where nothing opens, and why
  std::map<Place, Instance> running;
  std::map<std::uint64_t, placement::RequestDone> answers;
  std::set<std::uint32_t> drained;
  std::vector<std::string> events;

 private:
  void perform_later() {
    while (!later.empty()) {
      auto [machine, input] = std::move(later.front());
      later.pop_front();
      if (world->state(machine) == MachineState::Up) world->command(machine, std::move(input));
    }
  }

  std::deque<std::pair<std::uint32_t, node::Input>> later;
  std::set<std::string> names;
  std::uint64_t tags = 0;
};

}  // namespace dart::sim
