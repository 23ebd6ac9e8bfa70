// Runs one file of SQL tests: sql_runner FILE.slt. Exit code 1 when an answer differs.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "sql/runner/check.hpp"
#include "support/temp_folder.hpp"

namespace {

namespace fs = std::filesystem;
using dart::sql_test::Case;

/// An empty folder with the case's files, the current one while the case runs.
class Folder {
 public:
  Folder() : old_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~Folder() { fs::current_path(old_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  static void fill(const Case& test) {
    for (const auto& entry : fs::directory_iterator(fs::current_path())) fs::remove_all(entry.path());
    for (const auto& [name, content] : test.files) std::ofstream(name) << content;
  }

 private:
  fs::path old_;
  dart::support::TempFolder folder_;
};

/// The number of runs that differ from what is expected.
int run_case(const std::string& name, const Case& test) {
  int wrong = 0;
  for (const std::size_t workers : {1, 2}) {
    if (workers > 1 && (test.one_worker || test.expects_error)) continue;
    for (const std::size_t chunk_rows : {1, 3, 2048, 2}) {
      const bool moving = chunk_rows == 2;
      if (moving && test.expects_error) continue;
      Folder::fill(test);
      const std::string difference =
          check(test, run(test, {chunk_rows, workers, workers == 1 && chunk_rows == 3, moving}));
      if (difference.empty()) continue;
      ++wrong;
      std::cerr << fmt::format("{}:{}: chunk-rows {}, workers {}{}\n{}\n", name, test.line, chunk_rows,
                               workers, moving ? ", moving" : "", test.script + difference);
      if (wrong > 1) return wrong;  // the first two say enough
    }
  }
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: sql_runner FILE.slt\n";
    return 2;
  }
  std::ifstream in(argv[1]);
  std::stringstream text;
  text << in.rdbuf();
  const auto cases = dart::sql_test::parse_test_file(text.str());
  if (!in || !cases || cases->empty()) {
    std::cerr << fmt::format("{}: {}\n", argv[1], cases ? "no tests" : cases.error().message);
    return 2;
  }
  const Folder folder;
  int failed = 0;
  for (const Case& test : *cases) failed += run_case(argv[1], test) > 0 ? 1 : 0;
  std::cout << fmt::format("{} of {} tests passed\n", cases->size() - static_cast<std::size_t>(failed),
                           cases->size());
  return failed == 0 ? 0 : 1;
}
