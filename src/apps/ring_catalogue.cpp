#include "apps/ring_catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "apps/record_reads.hpp"
#include "columnar/aggregate.hpp"
#include "columnar/function.hpp"
#include "directory/limits.hpp"

namespace dart::apps {

namespace {

using api::CatalogueEntry;
using api::QueryFailure;
using directory::Answer;
using Json = nlohmann::json;

/// What a name can stand for.
constexpr std::array<const char*, 3> kKinds = {"table", "view", "function"};
/// That one script may need.
constexpr std::size_t kMostNames = 256;

std::string record_of(const std::string& kind, const std::string& name) { return kind + "/" + name; }

/// A name stands for one thing only: the records of all kinds that it may have, in the order of kKinds.
std::vector<std::string> records_of(const std::string& name) {
  std::vector<std::string> records;
  for (const char* kind : kKinds) records.push_back(record_of(kind, name));
  return records;
}

bool fits(const std::string& name) {
  return !name.empty() && name.size() + std::string_view("function/").size() <= directory::limits::kNameBytes;
}

std::string value_of(const sql::StatementOutline& statement) {
  return Json{{"text", statement.text}, {"names", statement.names}}.dump(-1, ' ', false,
                                                                         Json::error_handler_t::replace);
}

/// Nothing: it is not there, or its value is none of the catalogue.
std::optional<CatalogueText> text_of(const std::string& kind, const std::string& name, const Answer& answer) {
  if (!answer.exists) return std::nullopt;
  const auto body = Json::parse(answer.value, nullptr, false);
  if (!body.is_object() || !body.contains("text") || !body["text"].is_string()) return std::nullopt;
  CatalogueText text{kind, name, body["text"].get<std::string>(), {}};
  const auto names = body.find("names");
  if (names == body.end() || !names->is_array()) return text;
  for (const auto& one : *names) {
    if (one.is_string()) text.names.insert(one.get<std::string>());
  }
  return text;
}

/// The functions of this binary.
std::vector<CatalogueEntry> built_in_functions() {
  std::map<std::string, CatalogueEntry> all;
  for (const auto& one : columnar::scalar_functions()) {
    const std::string name(one.name);
    all[name] = {name, "function", "built in", 0};
  }
  for (const auto& one : columnar::aggregate_functions()) {
    const std::string name(one.name);
    all[name] = {name, "function", "built in, aggregate", 0};
  }
  std::vector<CatalogueEntry> entries;
  for (auto& [name, entry] : all) entries.push_back(std::move(entry));
  return entries;
}

}  // namespace

/// Reads what is named, then what that mentions, until nothing new is named.
struct RingCatalogue::Search : std::enable_shared_from_this<Search> {
  Search(api::KeysPort& port, Done<std::vector<CatalogueText>> end) : keys(port), done(std::move(end)) {}

  void look(const std::set<std::string>& wanted) {
    std::vector<std::string> fresh;
    for (const auto& name : wanted) {
      if (fits(name) && asked.insert(name).second) fresh.push_back(name);
    }
    if (fresh.empty()) return done(ordered());
    if (asked.size() > kMostNames) {
      return done(tl::unexpected(QueryFailure{
          422, fmt::format("a script needs at most {} names of the catalogue", kMostNames), ""}));
    }
    std::vector<std::string> records;
    for (const auto& name : fresh) {
      for (std::string& record : records_of(name)) records.push_back(std::move(record));
    }
    read_records(keys, std::move(records),
                 [self = shared_from_this(), fresh](const api::QueryResult<std::vector<Answer>>& answers) {
                   if (!answers) return self->done(tl::unexpected(answers.error()));
                   self->have(fresh, *answers);
                 });
  }
  void have(const std::vector<std::string>& names, const std::vector<Answer>& answers) {
    std::set<std::string> mentioned;
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::optional<CatalogueText> text;
      for (std::size_t k = 0; k < kKinds.size() && !text; ++k) {
        text = text_of(kKinds[k], names[i], answers[kKinds.size() * i + k]);
      }
      if (!text) continue;
      mentioned.insert(text->names.begin(), text->names.end());
      found.emplace(names[i], *std::move(text));
    }
    look(mentioned);
  }
  [[nodiscard]] std::vector<CatalogueText> ordered() {
    std::vector<CatalogueText> texts;
    while (!found.empty()) place(found.begin()->first, texts);
    return texts;
  }
  // NOLINTNEXTLINE(misc-no-recursion): each name once, and there are few
  void place(const std::string& name, std::vector<CatalogueText>& texts) {
    auto entry = found.extract(name);
    if (entry.empty()) return;
    for (const auto& mentioned : entry.mapped().names) place(mentioned, texts);
    texts.push_back(std::move(entry.mapped()));
  }

  api::KeysPort& keys;
  Done<std::vector<CatalogueText>> done;
  std::set<std::string> asked;
  std::map<std::string, CatalogueText> found;
};

/// One statement after the other, each read before it is written.
struct RingCatalogue::Publication : std::enable_shared_from_this<Publication> {
  Publication(api::KeysPort& port, std::vector<sql::StatementOutline> all, Done<bool> end)
      : keys(port), statements(std::move(all)), done(std::move(end)) {}

  void go_on() {
    if (next == statements.size()) return done(changed);
    const auto& statement = statements[next];
    kind = declared_kind(statement);
    if (!fits(statement.name)) {
      return done(tl::unexpected(QueryFailure{422, fmt::format("the name of a {} is too long", kind), ""}));
    }
    read_records(keys, records_of(statement.name),
                 [self = shared_from_this()](const api::QueryResult<std::vector<Answer>>& answers) {
                   if (!answers) return self->done(tl::unexpected(answers.error()));
                   self->have(*answers);
                 });
  }
  void have(const std::vector<Answer>& answers) {
    const auto& statement = statements[next];
    const auto taken = [&](const std::string& there_as, const std::string& how) {
      done(tl::unexpected(
          QueryFailure{409, fmt::format("{} {} is in the catalogue {}", kind, statement.name, how),
                       fmt::format("choose another name, or take it out first (DELETE /v1/{}s/{})", there_as,
                                   statement.name)}));
    };
    Answer answer;
    for (std::size_t k = 0; k < kKinds.size(); ++k) {
      if (kind == kKinds[k]) {
        answer = answers[k];
      } else if (answers[k].exists) {
        return taken(kKinds[k], fmt::format("as a {}", kKinds[k]));
      }
    }
    if (const auto there = text_of(kind, statement.name, answer)) {
      if (there->text != statement.text) return taken(kind, "with another text");
      ++next;
      return go_on();
    }
    write_record(keys, record_of(kind, statement.name), answer.version, value_of(statement),
                 [self = shared_from_this()](const api::QueryResult<bool>& written) {
                   if (!written) return self->done(tl::unexpected(written.error()));
                   // Somebody else was faster: what is there now decides.
                   if (*written) {
                     self->changed = true;
                     ++self->next;
                   }
                   self->go_on();
                 });
  }

  api::KeysPort& keys;
  std::vector<sql::StatementOutline> statements;
  Done<bool> done;
  std::size_t next = 0;
  std::string kind;
  bool changed = false;
};

void RingCatalogue::find(const std::set<std::string>& names, Done<std::vector<CatalogueText>> done) {
  std::make_shared<Search>(keys_, std::move(done))->look(names);
}

void RingCatalogue::publish(std::vector<sql::StatementOutline> statements, Done<bool> done) {
  std::make_shared<Publication>(keys_, std::move(statements), std::move(done))->go_on();
}

void RingCatalogue::list(const std::string& kind, Done<std::vector<CatalogueEntry>> done) {
  const std::string prefix = record_of(kind, "");
  list_names(keys_, prefix, [this, kind, prefix, done](api::QueryResult<std::vector<std::string>> names) {
    if (!names) return done(tl::unexpected(names.error()));
    read_records(keys_, *names,
                 [kind, prefix, names = *names, done](const api::QueryResult<std::vector<Answer>>& answers) {
                   if (!answers) return done(tl::unexpected(answers.error()));
                   std::vector<CatalogueEntry> entries;
                   if (kind == "function") entries = built_in_functions();
                   for (std::size_t i = 0; i < names.size(); ++i) {
                     const auto text = text_of(kind, names[i].substr(prefix.size()), (*answers)[i]);
                     if (text) entries.push_back({text->name, kind, text->text, (*answers)[i].version});
                   }
                   done(std::move(entries));
                 });
  });
}

void RingCatalogue::drop(const std::string& kind, const std::string& name, Done<bool> done) {
  if (!fits(name)) return done(false);
  const std::string record = record_of(kind, name);
  read_record(keys_, record, [this, record, done](const api::QueryResult<Answer>& answer) {
    if (!answer) return done(tl::unexpected(answer.error()));
    if (!answer->exists) return done(false);
    write_record(keys_, record, answer->version, std::nullopt, [done](const api::QueryResult<bool>& deleted) {
      if (deleted && !*deleted) {
        return done(
            tl::unexpected(QueryFailure{409, "somebody else changed it at the same time", "try again"}));
      }
      done(deleted);
    });
  });
}

}  // namespace dart::apps
