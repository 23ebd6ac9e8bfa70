#include "apps/bench/bench_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "apps/text_table.hpp"
#include "apps/version.hpp"

namespace dart::apps::bench {

namespace {

using nlohmann::ordered_json;

constexpr const char* kSeed = "none: every row is a pure function of its number";

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const auto colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

std::optional<double> ratio_of(const BenchResult& result) {
  if (result.hand_rows_per_s.empty()) return std::nullopt;
  return median(result.rows_per_s) / median(result.hand_rows_per_s);
}

bool ratio_counts(const BenchResult& result) {
  return median(result.hand_rows_per_s) >= result.hand_required_per_s;
}

std::string millions(double rows_per_s) { return fmt::format("{:.1f}", rows_per_s * 1e-6); }

std::string range_of(const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return fmt::format("{} ({}-{})", millions(median(values)), millions(*least), millions(*most));
}

std::string latency_text(const std::optional<Latency>& latency) {
  return latency ? fmt::format("{:.0f} / {:.0f}", latency->p50_us, latency->p99_us) : "-";
}

ordered_json latency_json(const Latency& latency) {
  return {{"offered_rows_per_s", latency.offered_rows_per_s},
          {"samples", latency.samples},
          {"p50_us", latency.p50_us},
          {"p99_us", latency.p99_us},
          {"max_us", latency.max_us}};
}

ordered_json result_json(const BenchResult& result) {
  ordered_json json = {{"workload", result.workload},
                       {"title", result.title},
                       {"rows", result.rows},
                       {"results", result.results},
                       {"rows_per_s", median(result.rows_per_s)}};
  for (const char* name : {"hand_rows_per_s", "ratio", "ratio_counts", "p50_us", "p99_us"})
    json[name] = nullptr;
  if (const auto ratio = ratio_of(result)) {
    json["hand_rows_per_s"] = median(result.hand_rows_per_s);
    json["ratio"] = *ratio;
    json["ratio_counts"] = ratio_counts(result);
  }
  if (result.half_load) {
    json["p50_us"] = result.half_load->p50_us;
    json["p99_us"] = result.half_load->p99_us;
    json["at_half_load"] = latency_json(*result.half_load);
  }
  if (result.one_million) json["at_1m_rows_per_s"] = latency_json(*result.one_million);
  return json;
}

}  // namespace

std::string machine() {
  return fmt::format("{}, {} processors", processor_name(), std::thread::hardware_concurrency());
}

std::string build() { return fmt::format("{}, compiler {}", version_line(), __VERSION__); }

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Latency summarise(std::vector<std::int64_t> samples_ns, double offered_rows_per_s) {
  Latency latency;
  latency.offered_rows_per_s = offered_rows_per_s;
  latency.samples = samples_ns.size();
  if (samples_ns.empty()) return latency;
  std::sort(samples_ns.begin(), samples_ns.end());
  const auto at = [&](double share) {
    const auto place = static_cast<std::size_t>(share * static_cast<double>(samples_ns.size() - 1));
    return static_cast<double>(samples_ns[place]) * 1e-3;
  };
  latency.p50_us = at(0.5);
  latency.p99_us = at(0.99);
  latency.max_us = at(1);
  return latency;
}

std::string results_text(const std::vector<BenchResult>& results, const BenchSetting& setting) {
  TextTable table(
      {"workload", "M rows/s", "by hand", "ratio", "half load p50 / p99 us", "1 M rows/s p50 / p99 us"});
  for (const auto& result : results) {
    const auto ratio = ratio_of(result);
    table.add_row({result.title.empty() ? result.workload : result.workload + ": " + result.title,
                   range_of(result.rows_per_s), ratio ? range_of(result.hand_rows_per_s) : "-",
                   ratio ? fmt::format("{:.3f}", *ratio) : "-", latency_text(result.half_load),
                   latency_text(result.one_million)});
    if (ratio && !ratio_counts(result)) {
      table.add_note(
          fmt::format("the ratio does not count: the loop should reach {} M rows/s on this machine",
                      millions(result.hand_required_per_s)));
    }
  }
  return fmt::format("{}\n{}\n{} runs, medians (least-most); {} worker{}, {} rows a chunk; seed: {}\n\n",
                     machine(), build(), setting.runs, setting.workers, setting.workers == 1 ? "" : "s",
                     setting.chunk_rows, kSeed) +
         table.text();
}

std::string results_json(const std::vector<BenchResult>& results, const BenchSetting& setting) {
  auto array = ordered_json::array();
  for (const auto& result : results) {
    ordered_json json = result_json(result);
    json["runs"] = setting.runs;
    json["workers"] = setting.workers;
    json["chunk_rows"] = setting.chunk_rows;
    json["machine"] = machine();
    json["build"] = build();
    json["seed"] = kSeed;
    array.push_back(std::move(json));
  }
  return array.dump(2) + '\n';
}

}  // namespace dart::apps::bench
