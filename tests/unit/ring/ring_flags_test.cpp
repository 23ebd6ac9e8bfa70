#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "support/child_process.hpp"

namespace dart::test {
namespace {

TEST(RingFlags, EachHasItsRowInTheReference) {
  std::ostringstream text;
  text << std::ifstream(DART_SOURCE_DIR "/docs/cli.md").rdbuf();
  const std::string reference = text.str();
  for (const auto& words : std::vector<std::vector<std::string>>{{"cert", "ca"},
                                                                 {"cert", "host"},
                                                                 {"cert", "show"},
                                                                 {"node", "start"},
                                                                 {"ring", "ls"},
                                                                 {"ring", "route"},
                                                                 {"ring", "spawn"}}) {
    const auto help = run_process({DART_BINARY_DIR "/dart", words[0], words[1], "--help"});
    ASSERT_EQ(help.exit_code, 0);
    const std::regex flag("--[a-z-]+");
    for (auto at = std::sregex_iterator(help.out.begin(), help.out.end(), flag); at != std::sregex_iterator();
         ++at) {
      const std::string name = at->str();
      if (name == "--help" || name == "--output") continue;
      EXPECT_NE(reference.find("`" + name), std::string::npos) << words[0] << ' ' << words[1] << ' ' << name;
    }
  }
}

}  // namespace
}  // namespace dart::test
