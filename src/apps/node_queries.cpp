#include "apps/node_queries.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "apps/operator_report.hpp"
#include "apps/query_trial.hpp"
#include "apps/record_reads.hpp"
#include "placement/record_codec.hpp"
#include "plan/distribution.hpp"
#include "plan/plan.hpp"

namespace dart::apps {

namespace {

using api::QueryFailure;
using api::QueryInfo;
using api::QueryOutcome;
using api::QueryResult;
using placement::RequestKind;

std::int64_t wall_clock_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

tl::unexpected<QueryFailure> no_query(const std::string& name) {
  return tl::unexpected(
      QueryFailure{404, fmt::format("no query is called {}", name), "`dart query ls` lists them"});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// What a script without a query declares, for people.
std::vector<std::string> notes_of(const std::vector<sql::StatementOutline>& declarations) {
  std::vector<std::string> notes;
  for (const auto& one : declarations) notes.push_back(fmt::format("{} {}", declared_kind(one), one.name));
  return notes;
}

}  // namespace

NodeQueries::NodeQueries(boost::asio::io_context& loop, api::RingPort& ring, api::KeysPort& keys,
                         runtime::QueryClient& client, QueryHostView host)
    : loop_(loop), ring_(ring), keys_(keys), client_(client), host_(std::move(host)), catalogue_(keys) {}

NodeQueries::~NodeQueries() { *alive_ = false; }

template <class Work, class Then>
void NodeQueries::beside(runtime::DiskQueue& thread, Work work, Then then) {
  thread.add([this, alive = alive_, work = std::move(work), then = std::move(then)]() mutable {
    auto result = work();
    boost::asio::post(loop_, [alive, result = std::move(result), then = std::move(then)]() mutable {
      if (*alive) then(std::move(result));
    });
  });
}

void NodeQueries::compile(const api::Submission& submission, Compiled done) {
  beside(
      compiler_, [submission] { return names_needed(submission); },
      [this, submission, done = std::move(done)](QueryResult<std::set<std::string>> names) mutable {
        if (!names) return done(tl::unexpected(names.error()));
        catalogue_.find(*names, [this, submission, done](QueryResult<std::vector<CatalogueText>> texts) {
          if (!texts) return done(tl::unexpected(texts.error()));
          beside(
              compiler_,
              [submission, texts = *std::move(texts)] { return compile_script(submission, texts); }, done);
        });
      });
}

void NodeQueries::plan(const CompiledScript& script, const api::Submission& submission,
                       std::function<void(QueryResult<placement::QuerySpec>)> done) {
  beside(
      compiler_,
      [script, submission, here = ring_.status().view.self] { return spec_of(script, submission, here); },
      std::move(done));
}

void NodeQueries::submit(api::Submission submission, bool update, Done<QueryOutcome> done) {
  compile(submission, [this, submission, update, done](QueryResult<CompiledScript> script) {
    if (!script) return done(tl::unexpected(script.error()));
    if (script->name.empty() && !update) return publish(*std::move(script), done);
    if (script->name.empty()) {
      return done(tl::unexpected(QueryFailure{422, "the script has no query to update", "submit it"}));
    }
    plan(*script, submission, [this, update, done](QueryResult<placement::QuerySpec> spec) {
      if (!spec) return done(tl::unexpected(spec.error()));
      const std::string name = spec->name;
      request(update ? RequestKind::Update : RequestKind::Submit, name, *std::move(spec), done);
    });
  });
}

void NodeQueries::publish(CompiledScript script, Done<QueryOutcome> done) {
  auto notes = notes_of(script.declarations);
  catalogue_.publish(std::move(script.declarations),
                     [notes = std::move(notes), done = std::move(done)](const QueryResult<bool>& changed) {
                       if (!changed) return done(tl::unexpected(changed.error()));
                       done(QueryOutcome{"", *changed, 0, {}, notes});
                     });
}

void NodeQueries::explain(api::Submission submission, Done<QueryOutcome> done) {
  compile(submission, [this, submission, done](QueryResult<CompiledScript> script) {
    if (!script) return done(tl::unexpected(script.error()));
    if (script->name.empty()) {
      return done(tl::unexpected(QueryFailure{422, "the script has no query to explain", ""}));
    }
    const auto lines = lines_of(plan::explain(script->plan));
    plan(*script, submission, [this, done, lines](QueryResult<placement::QuerySpec> spec) {
      if (!spec) return done(tl::unexpected(spec.error()));
      auto notes = lines;
      if (const auto cut = plan::decode_distribution(spec->program)) {
        notes.insert(notes.end(), cut->notes.begin(), cut->notes.end());
      }
      const std::string name = spec->name;
      request(RequestKind::Explain, name, *std::move(spec), [notes, done](QueryResult<QueryOutcome> outcome) {
        if (outcome) outcome->notes.insert(outcome->notes.begin(), notes.begin(), notes.end());
        done(std::move(outcome));
      });
    });
  });
}

void NodeQueries::lint(api::Submission submission, Done<QueryOutcome> done) {
  compile(submission, [this, submission, done](QueryResult<CompiledScript> script) {
    if (!script) return done(tl::unexpected(script.error()));
    QueryOutcome outcome{script->name, false, 0, {}, notes_of(script->declarations)};
    if (script->name.empty()) return done(std::move(outcome));
    plan(*script, submission, [done, outcome](const QueryResult<placement::QuerySpec>& spec) {
      if (!spec) return done(tl::unexpected(spec.error()));
      done(outcome);
    });
  });
}

void NodeQueries::test(api::QueryTest test, Done<api::QueryTestOutcome> done) {
  if (test.query.name.empty()) test.query.name = "test";
  const api::Submission query = test.query;
  compile(query, [this, test = std::move(test), done](QueryResult<CompiledScript> script) {
    if (!script) return done(tl::unexpected(script.error()));
    beside(
        tester_, [test, script = *std::move(script)] { return run_trial(test, script); }, done);
  });
}

void NodeQueries::request(RequestKind kind, const std::string& name, std::optional<placement::QuerySpec> spec,
                          Done<QueryOutcome> done) {
  const std::string text = spec ? spec->text : "";
  const auto stages = spec ? stage_names(*spec) : std::vector<std::string>();
  client_.request(
      {0, kind, name, std::move(spec)}, [this, alive = alive_, kind, name, text, stages,
                                         done = std::move(done)](const placement::RequestDone& got) {
        if (!*alive) return;
        if (!got.ok) return refuse(kind, name, text, got, done);
        done(QueryOutcome{name, got.changed, got.epoch, instances_of(got.placed, stages), got.notes});
      });
}

void NodeQueries::refuse(RequestKind kind, const std::string& name, const std::string& text,
                         const placement::RequestDone& refused, const Done<QueryOutcome>& done) {
  const QueryFailure failure{refused.unanswered ? 504U : 422U, refused.message, refused.hint};
  if (refused.unanswered) return done(tl::unexpected(failure));
  read_record(keys_, placement::record_name(name),
              [kind, text, failure, done](const QueryResult<directory::Answer>& answer) {
                if (!answer) return done(tl::unexpected(answer.error()));
                QueryFailure told = failure;
                const bool makes = kind == RequestKind::Submit || kind == RequestKind::Explain;
                if (!makes && !answer->exists) told.status = 404;
                if (kind == RequestKind::Submit && answer->exists) {
                  const auto record = placement::decode_record(answer->value);
                  if (record && record->spec.text != text) told.status = 409;
                }
                const bool held = kind == RequestKind::Pause || kind == RequestKind::Resume;
                if (held && answer->exists) told.status = 409;
                done(tl::unexpected(told));
              });
}

std::vector<api::InstanceInfo> NodeQueries::instances_of(const std::vector<placement::Placed>& placed,
                                                         const std::vector<std::string>& stages) const {
  std::vector<api::InstanceInfo> instances;
  for (const auto& one : placed) {
    const std::string stage =
        one.id.stage < stages.size() ? stages[one.id.stage] : fmt::format("{}", one.id.stage);
    instances.push_back(
        {stage, one.id.number, one.host.id.text(), ring_.endpoint_text(one.host.endpoints[0]), one.away});
  }
  return instances;
}

QueryInfo NodeQueries::info_of(const placement::QueryRecord& record, bool whole) const {
  QueryInfo info;
  info.name = record.spec.name;
  info.state = placement::name_of(record.state);
  info.epoch = record.epoch;
  info.run = record.run;
  info.scheduler = record.scheduler.id.text();
  info.policy = record.spec.policy;
  info.instances = instances_of(record.placed, stage_names(record.spec));
  if (!whole) return info;
  info.text = record.spec.text;
  for (const auto& entry : record.history) {
    info.history.push_back({entry.at_us, info.name, entry.epoch, info.state, entry.what});
  }
  return info;
}

void NodeQueries::list(Done<std::vector<QueryInfo>> done) {
  const auto have = [this, alive = alive_, done](const QueryResult<std::vector<directory::Answer>>& answers) {
    if (!*alive) return;
    if (!answers) return done(tl::unexpected(answers.error()));
    std::vector<QueryInfo> queries;
    for (const auto& answer : *answers) {
      if (!answer.exists) continue;
      if (const auto record = placement::decode_record(answer.value))
        queries.push_back(info_of(*record, false));
    }
    done(std::move(queries));
  };
  list_names(keys_, std::string(placement::kQueryPrefix),
             [this, alive = alive_, have, done](QueryResult<std::vector<std::string>> names) {
               if (!*alive) return;
               if (!names) return done(tl::unexpected(names.error()));
               read_records(keys_, *std::move(names), have);
             });
}

void NodeQueries::show(const std::string& name, Done<QueryInfo> done) {
  if (name.empty() || name.size() >= placement::limits::kNameBytes) return done(no_query(name));
  read_record(keys_, placement::record_name(name),
              [this, alive = alive_, name, done](const QueryResult<directory::Answer>& answer) {
                if (!*alive) return;
                if (!answer) return done(tl::unexpected(answer.error()));
                if (!answer->exists) return done(no_query(name));
                const auto record = placement::decode_record(answer->value);
                if (!record) return done(tl::unexpected(QueryFailure{503, record.error().message, ""}));
                done(info_of(*record, true));
              });
}

void NodeQueries::change(const std::string& name, Change change, Done<QueryOutcome> done) {
  const RequestKind kind = change == Change::Pause    ? RequestKind::Pause
                           : change == Change::Resume ? RequestKind::Resume
                                                      : RequestKind::Drop;
  request(kind, name, std::nullopt, std::move(done));
}

std::shared_ptr<void> NodeQueries::tail(const std::string& name, std::weak_ptr<api::RowSink> sink) {
  auto tail = std::make_shared<QueryTail>(loop_, keys_, host_.fetch_rows, name, std::move(sink));
  tail->begin();
  return tail;
}

void NodeQueries::catalogue(const std::string& kind, Done<std::vector<api::CatalogueEntry>> done) {
  catalogue_.list(kind, std::move(done));
}

void NodeQueries::drop_entry(const std::string& kind, const std::string& name, Done<bool> done) {
  catalogue_.drop(kind, name, std::move(done));
}

std::shared_ptr<void> NodeQueries::events(std::function<void(const api::QueryEventInfo&)> heard) {
  return client_.listen([heard = std::move(heard)](const placement::QueryEvent& event) {
    heard(
        {wall_clock_us(), event.name, event.epoch, std::string(placement::name_of(event.state)), event.what});
  });
}

std::string NodeQueries::operators_json() const { return apps::operators_json(host_.hosted()); }

std::vector<api::QueriesPort::Sample> NodeQueries::samples() const { return query_samples(host_.hosted()); }

}  // namespace dart::apps
