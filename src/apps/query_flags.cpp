#include "apps/query_flags.hpp"

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/query_command.hpp"
#include "apps/shared_flags.hpp"
#include "apps/stream_command.hpp"
#include "apps/top_command.hpp"

namespace dart::apps {

namespace {

constexpr std::uint32_t kMostPartitions = 1024;
using Command = int (*)(const QueryOptions&);

}  // namespace

struct QueryFlags::Impl {
  CLI::App* query = nullptr;
  CLI::App* stream = nullptr;
  CLI::App* top = nullptr;
  std::vector<std::pair<CLI::App*, Command>> commands;
  std::string output = "table";
  std::vector<std::string> variables;
  std::vector<std::string> input;
  QueryOptions options;
  TailOptions tail;
  TopOptions looks;

  CLI::App* add(const char* name, const char* help, Command command);
  void add_script(CLI::App* command);
  void add_placement(CLI::App* command);
  void add_scripts();
  void add_named();
  void add_stream(CLI::App& app);
  void add_top(CLI::App& app);
};

CLI::App* QueryFlags::Impl::add(const char* name, const char* help, Command command) {
  auto* added = query->add_subcommand(name, help);
  add_access(*added, options.access);
  add_output(*added, output);
  commands.emplace_back(added, command);
  return added;
}

void QueryFlags::Impl::add_script(CLI::App* command) {
  command->add_option("NAME", options.name,
                      "name of the query (default: its materialized view, else the name of the file)");
  command->add_option("-f,--file", options.file, "SQL file; - reads standard input")
      ->type_name("FILE.sql")
      ->capture_default_str();
  add_variables(*command, variables);
}

void QueryFlags::Impl::add_placement(CLI::App* command) {
  command
      ->add_option(
          "--policy", options.policy,
          "who chooses hosts: cost (delay, load, labels), route (along the ring's routes), random or "
          "central")
      ->check(CLI::IsMember({"route", "cost", "random", "central"}))
      ->capture_default_str();
  command->add_option("--partitions", options.partitions, "instances of what can be split by key")
      ->check(CLI::Range(1U, kMostPartitions))
      ->capture_default_str();
  command
      ->add_option("--on-partition", options.on_partition,
                   "in the part of a split ring that cannot decide: continue with the last plan, or pause")
      ->check(CLI::IsMember({"continue", "pause"}))
      ->capture_default_str();
}

void QueryFlags::Impl::add_scripts() {
  auto* submit =
      add("submit", "Hand a query to the ring, or statements to its catalogue", query_submit_command);
  auto* update = add("update", "Put another text in place of a query's", query_update_command);
  auto* explain = add("explain", "Where a query would run, without running it", query_explain_command);
  auto* lint = add("lint", "Whether a query could be submitted", query_lint_command);
  auto* test = add("test", "Run a query over given rows and compare what comes out", query_test_command);
  for (auto* command : {submit, update, explain, lint, test}) add_script(command);
  for (auto* command : {submit, update, explain}) add_placement(command);
  test->add_option("--input", input, "rows of a table, in its own format")
      ->type_name("TABLE=FILE")
      ->allow_extra_args(false);
  test->add_option("--expect", options.expect, "the rows that have to come out")
      ->required()
      ->type_name("FILE");
}

void QueryFlags::Impl::add_named() {
  add("ls", "All queries of the ring", query_ls_command);
  auto* show = add("show", "One query: where it runs, and what happened to it", query_show_command);
  auto* pause = add("pause", "Hold a query", query_pause_command);
  auto* resume = add("resume", "Let a paused query go on", query_resume_command);
  auto* drop = add("drop", "End a query for good", query_drop_command);
  for (auto* command : {show, pause, resume, drop}) {
    command->add_option("NAME", options.name, "name of the query")->required();
  }
}

void QueryFlags::Impl::add_stream(CLI::App& app) {
  stream = app.add_subcommand("stream", "Rows of queries");
  stream->require_subcommand(1);
  auto* command = stream->add_subcommand("tail", "Print the rows of a query as they come");
  command->add_option("NAME", tail.name, "name of the query")->required();
  command->add_flag("!--no-follow", tail.follow, "end after the rows that are kept");
  add_access(*command, tail.access);
  add_output(*command, output);
}

void QueryFlags::Impl::add_top(CLI::App& app) {
  top = app.add_subcommand("top", "Nodes and queries, again and again");
  top->add_flag("--once", looks.once, "print once and end");
  top->add_option("--every", looks.every_s, "seconds between two looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  add_access(*top, looks.access);
  add_output(*top, output);
}

QueryFlags::QueryFlags(CLI::App& app) : impl_(std::make_unique<Impl>()) {
  impl_->query = app.add_subcommand("query", "Queries that a ring runs");
  impl_->query->require_subcommand(1);
  impl_->add_scripts();
  impl_->add_named();
  impl_->add_stream(app);
  impl_->add_top(app);
}

QueryFlags::~QueryFlags() = default;

bool QueryFlags::chosen() const { return *impl_->query || *impl_->stream || *impl_->top; }

int QueryFlags::run() {
  Impl& it = *impl_;
  it.options.json = it.tail.json = it.looks.json = it.output == "json";
  if (*it.stream) return stream_tail_command(it.tail);
  if (*it.top) return top_command(it.looks);
  it.options.variables = parse_variables(it.variables);
  it.options.input = parse_variables(it.input);
  for (const auto& [app, command] : it.commands) {
    if (*app) return command(it.options);
  }
  return 1;
}

}  // namespace dart::apps
