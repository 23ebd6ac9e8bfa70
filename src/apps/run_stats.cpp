#include "apps/run_stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include <nlohmann/json.hpp>

#include "apps/text_table.hpp"
#include "columnar/text_form.hpp"

namespace dart::apps {

namespace {

using engine::OperatorReport;
using nlohmann::ordered_json;

/// An operator with the instance that ran it.
struct Line {
  std::size_t instance;
  const OperatorReport* op;
};

std::vector<Line> in_plan_order(const runtime::RunReport& report) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < report.instances.size(); ++i) {
    for (const auto& op : report.instances[i].operators) lines.push_back({i, &op});
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.op->node < b.op->node; });
  return lines;
}

template <class Counts>
std::uint64_t sum_of(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

std::string watermark_text(EventTime watermark) {
  if (watermark == kMinEventTime) return "-";
  if (watermark == kMaxEventTime) return "end";
  std::string text;
  columnar::append_timestamp(watermark, text);
  return text;
}

std::string cut(const std::string& text, std::size_t length) {
  return text.size() <= length ? text : text.substr(0, length - 3) + "...";
}

double share_of(std::int64_t busy_ns, std::int64_t wall_ns) {
  return wall_ns > 0 ? static_cast<double>(busy_ns) / static_cast<double>(wall_ns) : 0;
}

double seconds(const runtime::RunReport& report) { return static_cast<double>(report.wall_ns) * 1e-9; }

double rows_per_second(const runtime::RunReport& report) {
  return report.wall_ns > 0 ? static_cast<double>(rows_read(report)) / seconds(report) : 0;
}

void add_operator(const runtime::RunReport& report, const Line& line, TextTable& table) {
  const OperatorReport& op = *line.op;
  const auto& c = op.counters;
  std::string name = op.kind;
  if (!op.label.empty()) name += ' ' + op.label;
  if (!op.detail.empty() && op.detail != op.label) name += ": " + op.detail;
  table.add_row({cut(name, 60), grouped(c.rows_in), grouped(c.rows_out), grouped(c.late),
                 grouped(sum_of(c.dropped)), grouped(sum_of(c.errors)),
                 fmt::format("{:.1f}", static_cast<double>(c.busy_ns) * 1e-6),
                 fmt::format("{:.1f}", 100 * share_of(c.busy_ns, report.wall_ns)),
                 c.state_bytes == 0 ? "-" : readable_bytes(c.state_bytes),
                 grouped(report.instances[line.instance].queue_peak.rows), watermark_text(c.watermark)});
  for (const auto& [reason, count] : c.dropped) {
    if (count > 0) table.add_note(fmt::format("dropped {}: {}", grouped(count), reason));
  }
  for (const auto& [reason, count] : c.errors)
    table.add_note(fmt::format("errors {}: {}", grouped(count), reason));
  for (const auto& sample : op.error_samples) {
    table.add_note(fmt::format("row {}{}: {}{}", sample.seq,
                               sample.column.empty() ? "" : ", column " + sample.column, sample.reason,
                               sample.value.empty() ? "" : ": \"" + sample.value + "\""));
  }
  if (op.delays && op.delays->count() > 0) {
    table.add_note(fmt::format("delay until written, us: p50 {}, p90 {}, p99 {}, max {} ({} rows)",
                               op.delays->percentile(0.5), op.delays->percentile(0.9),
                               op.delays->percentile(0.99), op.delays->max(), grouped(op.delays->count())));
  }
}

ordered_json operator_json(const runtime::RunReport& report, const Line& line) {
  const OperatorReport& op = *line.op;
  const auto& c = op.counters;
  ordered_json json = {{"node", op.node},
                       {"instance", line.instance},
                       {"kind", op.kind},
                       {"label", op.label},
                       {"detail", op.detail},
                       {"rows_in", c.rows_in},
                       {"rows_out", c.rows_out},
                       {"chunks_in", c.chunks_in},
                       {"late", c.late},
                       {"dropped", ordered_json::object()},
                       {"errors", c.errors},
                       {"busy_ms", static_cast<double>(c.busy_ns) * 1e-6},
                       {"busy_share", share_of(c.busy_ns, report.wall_ns)},
                       {"queue_peak_rows", report.instances[line.instance].queue_peak.rows},
                       {"watermark", nullptr},
                       {"state_bytes", c.state_bytes}};
  for (const auto& [reason, count] : c.dropped) json["dropped"][reason] = count;
  if (c.watermark != kMinEventTime) json["watermark"] = watermark_text(c.watermark);
  auto samples = ordered_json::array();
  for (const auto& sample : op.error_samples) {
    samples.push_back(
        {{"row", sample.seq}, {"column", sample.column}, {"reason", sample.reason}, {"value", sample.value}});
  }
  if (!samples.empty()) json["error_samples"] = std::move(samples);
  if (op.kind == "Sink") json["rows_written"] = op.rows_written;
  if (op.delays) {
    json["delay_us"] = {{"rows", op.delays->count()},
                        {"p50", op.delays->percentile(0.5)},
                        {"p90", op.delays->percentile(0.9)},
                        {"p99", op.delays->percentile(0.99)},
                        {"max", op.delays->max()}};
  }
  return json;
}

const char* name_of(runtime::Scheduler scheduler) {
  return scheduler == runtime::Scheduler::Pool ? "pool" : "thread-per-operator";
}

}  // namespace

std::uint64_t rows_read(const runtime::RunReport& report) {
  std::uint64_t rows = 0;
  for (const auto& instance : report.instances) {
    for (const auto& op : instance.operators) {
      if (op.kind == "Scan") rows += op.counters.rows_in;
    }
  }
  return rows;
}

std::string stats_text(const RunStats& stats) {
  const auto& report = stats.report;
  TextTable table({"operator", "rows in", "rows out", "late", "dropped", "errors", "busy ms", "%", "state",
                   "queue", "watermark"});
  for (const Line& line : in_plan_order(report)) add_operator(report, line, table);
  return table.text() +
         fmt::format(
             "{} rows read in {:.3f} s, {} rows/s; processor {:.3f} s; peak memory {}; {} instance{}\n",
             grouped(rows_read(report)), seconds(report),
             grouped(static_cast<std::uint64_t>(rows_per_second(report))),
             static_cast<double>(report.cpu_us) * 1e-6, readable_bytes(stats.peak_rss_bytes),
             report.instances.size(), report.instances.size() == 1 ? "" : "s");
}

std::string stats_json(const RunStats& stats) {
  const auto& report = stats.report;
  ordered_json json = {{"file", stats.file},
                       {"workers", stats.settings.workers},
                       {"chunk_rows", stats.settings.chunk_rows},
                       {"scheduler", name_of(stats.settings.scheduler)},
                       {"wall_s", seconds(report)},
                       {"cpu_s", static_cast<double>(report.cpu_us) * 1e-6},
                       {"rows_read", rows_read(report)},
                       {"rows_per_s", rows_per_second(report)},
                       {"peak_rss_bytes", stats.peak_rss_bytes}};
  auto queues = ordered_json::array();
  for (std::size_t i = 0; i < report.instances.size(); ++i) {
    const auto& peak = report.instances[i].queue_peak;
    queues.push_back({{"instance", i}, {"peak_rows", peak.rows}, {"peak_bytes", peak.bytes}});
  }
  json["queues"] = std::move(queues);
  auto operators = ordered_json::array();
  for (const Line& line : in_plan_order(report)) operators.push_back(operator_json(report, line));
  json["operators"] = std::move(operators);
  // Samples quote input bytes, which need not be UTF-8.
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace dart::apps
