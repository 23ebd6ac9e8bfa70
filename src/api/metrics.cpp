#include "api/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>

namespace dart::api {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

/// "dart_" and the name, with a line for whatever may not stand in a name.
std::string metric_name(const std::string& name) {
  std::string out = name.starts_with("dart_") ? "" : "dart_";
  for (const char c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out.push_back(fits ? c : '_');
  }
  return out;
}

class Families {
 public:
  void add(const std::string& name, const std::string& help, MetricType type, double value,
           std::vector<prometheus::ClientMetric::Label> labels = {}) {
    const std::string full = metric_name(name);
    auto& family = families_[full];
    family.name = full;
    if (family.help.empty()) family.help = help;
    family.type = type;
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    switch (type) {
      case MetricType::Counter:
        metric.counter.value = value;
        break;
      case MetricType::Gauge:
        metric.gauge.value = value;
        break;
      default:
        metric.untyped.value = value;
        break;
    }
    family.metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const {
    std::vector<MetricFamily> all;
    for (const auto& [name, family] : families_) all.push_back(family);
    return prometheus::TextSerializer().Serialize(all);
  }

 private:
  std::map<std::string, MetricFamily> families_;  // one series after the other of a name, as the format asks
};

}  // namespace

std::string metrics_text(const NodeStatus& node, const std::vector<QueriesPort::Sample>& samples) {
  Families families;
  families.add("node_info", "The node itself, by its labels.", MetricType::Gauge, 1,
               {{"node", node.view.self.id.text()}, {"name", node.name}, {"ring", node.ring}});
  families.add("uptime_seconds", "Since the node was started.", MetricType::Gauge,
               static_cast<double>(node.uptime_us) / 1e6);
  families.add("joined", "1 once the node is a member of its ring.", MetricType::Gauge,
               node.view.joined ? 1 : 0);
  families.add("leaf_set_nodes", "Neighbours on either side that are alive.", MetricType::Gauge,
               static_cast<double>(node.view.left.size() + node.view.right.size()));
  families.add("table_nodes", "Nodes in the routing table.", MetricType::Gauge,
               static_cast<double>(node.view.table.size()));
  for (const auto& [name, value] : node.counters) {
    families.add(name, "Of the node, see docs/operations.md.", MetricType::Untyped,
                 static_cast<double>(value));
  }
  for (const auto& sample : samples) {
    std::vector<prometheus::ClientMetric::Label> labels;
    for (const auto& [name, value] : sample.labels) labels.push_back({name, value});
    const bool counter = sample.name.ends_with("_total");
    families.add(sample.name, "Of queries here, see docs/operations.md.",
                 counter ? MetricType::Counter : MetricType::Gauge, sample.value, std::move(labels));
  }
  return families.text();
}

}  // namespace dart::api
