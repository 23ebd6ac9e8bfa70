#include "apps/operator_report.hpp"

#include <map>
#include <utility>

#include <nlohmann/json.hpp>

namespace dart::apps {

namespace {

using Json = nlohmann::ordered_json;
using runtime::HostedInstance;
using Sample = api::QueriesPort::Sample;

Json json_of(const engine::OperatorReport& report) {
  const auto& counters = report.counters;
  Json dropped = Json::object();
  for (const auto& [reason, rows] : counters.dropped) dropped[std::string(reason)] = rows;
  Json errors = Json::object();
  for (const auto& [reason, rows] : counters.errors) errors[reason] = rows;
  return {{"kind", report.kind},
          {"label", report.label},
          {"detail", report.detail},
          {"rows_in", counters.rows_in},
          {"rows_out", counters.rows_out},
          {"late", counters.late},
          {"dropped", dropped},
          {"errors", errors},
          {"state_bytes", counters.state_bytes},
          {"rows_written", report.rows_written}};
}

Json json_of(const HostedInstance::ExchangeReport& exchange) {
  return {{"peer", exchange.peer},
          {"stage", exchange.other.stage},
          {"number", exchange.other.number},
          {"sends", exchange.sends},
          {"rows", exchange.rows},
          {"frames", exchange.frames},
          {"bytes", exchange.bytes},
          {"bytes_before", exchange.bytes_before},
          {"repeated", exchange.repeated},
          {"fenced", exchange.fenced},
          {"waiting_bytes", exchange.waiting_bytes},
          {"no_credit_us", exchange.no_credit_us}};
}

/// Sums by name and labels.
class Sums {
 public:
  void add(const char* name, std::vector<std::pair<std::string, std::string>> labels, double value) {
    values_[{name, std::move(labels)}] += value;
  }
  [[nodiscard]] std::vector<Sample> samples() const {
    std::vector<Sample> samples;
    for (const auto& [key, value] : values_) samples.push_back({key.first, key.second, value});
    return samples;
  }

 private:
  std::map<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>, double> values_;
};

void add_operators(const HostedInstance& instance, Sums& sums) {
  const auto count = [&](const char* name, const std::string& label, const std::string& value,
                         double number) {
    sums.add(name, {{"query", instance.name}, {label, value}}, number);
  };
  for (const auto& report : instance.operators) {
    const auto& counters = report.counters;
    if (report.kind == "Scan")
      count("query_rows_read_total", "table", report.label, double(counters.rows_in));
    if (report.kind == "Sink")
      count("query_rows_written_total", "table", report.label, double(counters.rows_in));
    count("query_late_rows_total", "operator", report.kind, double(counters.late));
    count("query_state_bytes", "operator", report.kind, double(counters.state_bytes));
    for (const auto& [reason, rows] : counters.dropped) {
      count("query_dropped_rows_total", "reason", std::string(reason), double(rows));
    }
    for (const auto& [reason, rows] : counters.errors) {
      count("query_error_rows_total", "reason", reason, double(rows));
    }
  }
}

void add_exchanges(const HostedInstance& instance, Sums& sums) {
  for (const auto& exchange : instance.exchanges) {
    const std::vector<std::pair<std::string, std::string>> labels{{"query", instance.name},
                                                                  {"way", exchange.sends ? "out" : "in"}};
    sums.add("exchange_rows_total", labels, double(exchange.rows));
    sums.add("exchange_bytes_total", labels, double(exchange.bytes));
    sums.add("exchange_repeated_frames_total", labels, double(exchange.repeated));
    sums.add("exchange_fenced_frames_total", labels, double(exchange.fenced));
    sums.add("exchange_waiting_bytes", labels, double(exchange.waiting_bytes));
    sums.add("exchange_no_credit_seconds_total", labels, double(exchange.no_credit_us) / 1e6);
  }
}

}  // namespace

std::string operators_json(const std::vector<HostedInstance>& hosted) {
  Json instances = Json::array();
  for (const auto& one : hosted) {
    Json operators = Json::array();
    for (const auto& report : one.operators) operators.push_back(json_of(report));
    Json exchanges = Json::array();
    for (const auto& exchange : one.exchanges) exchanges.push_back(json_of(exchange));
    instances.push_back({{"query", one.name},
                         {"epoch", one.epoch},
                         {"run", one.run},
                         {"stage", one.id.stage},
                         {"number", one.id.number},
                         {"role", one.role},
                         {"operators", operators},
                         {"exchanges", exchanges}});
  }
  return Json{{"instances", instances}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<Sample> query_samples(const std::vector<HostedInstance>& hosted) {
  Sums sums;
  for (const auto& instance : hosted) {
    sums.add("query_instances", {{"query", instance.name}}, 1);
    add_operators(instance, sums);
    add_exchanges(instance, sums);
  }
  return sums.samples();
}

}  // namespace dart::apps
