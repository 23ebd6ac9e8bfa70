// Files and pipes of gateways, read and written by queries on real processes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "unit/ring/ring_of_queries.hpp"

namespace dart::test {
namespace {

using testing::HasSubstr;

class QueryFilesTest : public RingOfQueries {
 protected:
  [[nodiscard]] static std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream in(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  [[nodiscard]] std::string state_of(const std::string& name) const {
    const auto view = QueryView::of(survivor(), name);
    return view ? view->json["state"].get<std::string>() : "";
  }
};

std::string lines(std::size_t first, std::size_t count) {
  std::string all;
  for (std::size_t n = first; n < first + count; ++n) all += std::to_string(n) + "\n";
  return all;
}

/// The numbers of rows, in the order of their size; "none" for what is no row.
std::string sorted(const std::vector<std::string>& rows) {
  std::set<std::size_t> numbers;
  for (const std::string& row : rows) {
    const Json json = Json::parse(row, nullptr, false);
    if (!json.is_object() || !json.contains("n")) return "none";
    EXPECT_TRUE(numbers.insert(json["n"].get<std::size_t>()).second) << "a row came twice";
  }
  std::string all;
  for (const std::size_t n : numbers) all += std::to_string(n) + "\n";
  return all;
}

TEST_F(QueryFilesTest, AFileThatIsMissingAtOneGatewayHoldsUpNoOther) {
  form_cabs(3);
  for (std::size_t i = 0; i < 2; ++i) {
    std::ofstream(nodes_[i]->files() + "/numbers.csv") << lines(100 * i, 100);
  }
  submit(*nodes_[0], "q",
         "CREATE TABLE numbers (n bigint) WITH (connector = 'file', path = 'numbers.csv', format = 'csv', "
         "order = 'arrival', label = 'role=cab'); SELECT n FROM numbers;");
  const ChildProcess tail({DART_BINARY_DIR "/dart", "stream", "tail", "q", "--http", nodes_[1]->http()});
  std::vector<std::string> rows;
  for (int i = 0; i < 200; ++i) rows.push_back(tail.read_line());
  EXPECT_EQ(sorted(rows), lines(0, 200));
  const auto shown = dart(*nodes_[1], {"query", "show", "q"});
  EXPECT_THAT(shown.out, HasSubstr("cannot read 'numbers.csv': No such file or directory"));
  EXPECT_THAT(shown.out, HasSubstr("state      running"));
  std::ofstream(nodes_[2]->files() + "/arriving.csv") << lines(200, 100);
  std::filesystem::rename(nodes_[2]->files() + "/arriving.csv", nodes_[2]->files() + "/numbers.csv");
  rows.clear();
  for (std::string line = tail.read_line(); !line.empty(); line = tail.read_line()) rows.push_back(line);
  EXPECT_EQ(sorted(rows), lines(200, 100)) << "as soon as the file is there, until all have ended";
}

TEST_F(QueryFilesTest, AFileThatIsWrittenKeepsItsRowsWhenAReaderJoins) {
  form_cabs(2);
  submit(*nodes_[0], "q",
         "CREATE TABLE numbers (n bigint) WITH (connector = 'datagen', rows = 1500, rate = 300, "
         "n.distribution = 'sequence', order = 'arrival', label = 'role=cab');"
         "CREATE TABLE kept (n bigint) WITH (connector = 'file', path = 'kept.csv', format = 'csv');"
         "INSERT INTO kept SELECT n FROM numbers;");
  ASSERT_TRUE(await(kPatience, [&] { return QueryView::of(*nodes_[0], "q").has_value(); }));
  const auto writer = [&] {
    return QueryView::of(*nodes_[0], "q")->json["instances"].back()["host"].get<std::string>();
  };
  const std::string host = writer();
  ASSERT_TRUE(
      await(kPatience, [&] { return lines_of(nodes_[at(host)]->files() + "/kept.csv").size() > 100; }));
  add({"--insecure", "--label", "role=cab", "--join", nodes_[0]->endpoint()});
  ASSERT_TRUE(await(kPatience, [&] {
    const auto view = QueryView::of(*nodes_[0], "q");
    return view && view->json["instances"].size() == 4;
  })) << "the newcomer reads";
  ASSERT_TRUE(await(kPatience, [&] { return state_of("q") == "finished"; }));
  ASSERT_EQ(writer(), host);
  ASSERT_EQ(QueryView::of(*nodes_[0], "q")->run(), 1U);
  std::map<std::string, std::size_t> times;
  for (const std::string& line : lines_of(nodes_[at(host)]->files() + "/kept.csv")) ++times[line];
  EXPECT_EQ(times.size(), 1500U);
  for (const auto& [number, count] : times) EXPECT_EQ(count, 3U) << number;
}

TEST_F(QueryFilesTest, QueriesOverOnePipeShareItsRows) {
  form_cabs(1);
  const std::string path = nodes_[0]->files() + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  ASSERT_EQ(dart(*nodes_[0], {"query", "submit", "-f", "-"},
                 "CREATE TABLE numbers (n bigint, area text) WITH (connector = 'file', path = 'pipe', "
                 "format = 'csv', label = 'role=cab');")
                .exit_code,
            0);
  submit(*nodes_[0], "small", "SELECT n FROM numbers WHERE n < 150;");
  submit(*nodes_[0], "large", "SELECT n FROM numbers WHERE n >= 150;");
  const auto other = dart(*nodes_[0], {"query", "submit", "areas", "-f", "-"}, "SELECT area FROM numbers;");
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err,
              HasSubstr("\"numbers\" gives each row once, and a query here reads other columns of it"));
  const int pipe = ::open(path.c_str(), O_WRONLY);
  ASSERT_GE(pipe, 0);
  std::string bytes;
  for (int n = 100; n < 200; ++n) bytes += std::to_string(n) + ",x\n";
  ASSERT_EQ(::write(pipe, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  ::close(pipe);
  ASSERT_TRUE(
      await(kPatience, [&] { return state_of("small") == "finished" && state_of("large") == "finished"; }));
  const auto rows = [&](const std::string& name) {
    std::istringstream out(dart(*nodes_[0], {"stream", "tail", name, "--no-follow"}).out);
    std::vector<std::string> all;
    for (std::string line; std::getline(out, line);) all.push_back(line);
    return all;
  };
  EXPECT_EQ(sorted(rows("small")), lines(100, 50));
  EXPECT_EQ(sorted(rows("large")), lines(150, 50));
}

}  // namespace
}  // namespace dart::test
