// What a process leaves behind that is killed, and what one does on a disk that takes no more.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/random.hpp"
#include "runtime/ring/record_store.hpp"
#include "support/temp_folder.hpp"

namespace dart::runtime {
namespace {

using Batch = RecordStore::Batch;
using Records = std::vector<RecordStore::Record>;

/// A child of this process that does some work and writes to a pipe.
class Fork {
 public:
  explicit Fork(const std::function<void(int out)>& work) {
    int ends[2];
    DART_CHECK(pipe(ends) == 0);
    pid_ = fork();
    DART_CHECK(pid_ >= 0);
    if (pid_ == 0) {
      close(ends[0]);
      work(ends[1]);
      _exit(0);
    }
    close(ends[1]);
    in_ = ends[0];
  }
  ~Fork() {
    if (in_ >= 0) static_cast<void>(end());
  }
  Fork(const Fork&) = delete;
  Fork& operator=(const Fork&) = delete;

  template <class Value>
  bool get(Value& value) const {
    return read(in_, &value, sizeof value) == static_cast<ssize_t>(sizeof value);
  }
  void kill() const { ::kill(pid_, SIGKILL); }
  /// The rest of what it wrote; then it has ended.
  [[nodiscard]] std::string end() {
    std::string text;
    char byte = 0;
    while (read(in_, &byte, 1) == 1) text.push_back(byte);
    close(in_);
    in_ = -1;
    int status = 0;
    DART_CHECK(waitpid(pid_, &status, 0) == pid_);
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
      text += fmt::format("signal {}", WTERMSIG(status));
    return text;
  }

 private:
  pid_t pid_ = -1;
  int in_ = -1;
};

/// Batch `token` overwrites two keys that must stay alike, and lets one record follow the other.
Batch batch_of(std::uint64_t token) {
  const std::string value = std::to_string(token) + std::string(20'000 + token % 7 * 1'000, 'v');
  return {token,
          {{fmt::format("left {}", token % 5), value},
           {fmt::format("gone {}", token - 1), std::nullopt},
           {fmt::format("gone {}", token), "here"},
           {fmt::format("right {}", token % 5), value}}};
}

class RecordStoreFaultsTest : public testing::Test {
 protected:
  Records load() const {
    auto store = RecordStore::open(path_);
    EXPECT_TRUE(store) << store.error().message;
    if (!store) return {};
    auto records = store->load();
    EXPECT_TRUE(records) << records.error().message;
    return records ? *records : Records();
  }

  support::TempFolder folder_;
  std::string path_ = folder_.file("records");
};

TEST_F(RecordStoreFaultsTest, KilledAtAnyMomentItKeepsWhatItAcknowledged) {
  const std::uint64_t seed = 11;
  Random random(seed);
  std::map<std::string, std::string> expected;
  std::uint64_t applied = 0;
  for (int life = 0; life < 15; ++life) {
    Fork child([&](int out) {
      auto store = RecordStore::open(path_);
      for (std::uint64_t token = applied + 1; store; ++token) {
        const Batch batch = batch_of(token);
        if (!store->commit({&batch, 1}) || write(out, &token, sizeof token) != sizeof token) return;
      }
    });
    std::uint64_t acknowledged = applied;
    for (std::uint64_t wanted = 1 + random.below(60), i = 0; i < wanted && child.get(acknowledged); ++i) {
    }
    // Somewhere in the next commits.
    for (std::uint64_t spin = random.below(2'000'000); spin > 0; --spin) static_cast<void>(random.next());
    child.kill();
    for (std::uint64_t late = 0; child.get(late);) acknowledged = late;
    static_cast<void>(child.end());
    ASSERT_GT(acknowledged, applied) << "seed " << seed << ", life " << life;

    const Records records = load();
    const std::map<std::string, std::string> found(records.begin(), records.end());
    // The one batch that was under way may be there, whole.
    const bool one_more = found.contains(fmt::format("gone {}", acknowledged + 1));
    for (const std::uint64_t last = acknowledged + (one_more ? 1 : 0); applied < last;) {
      for (const auto& write : batch_of(++applied).writes) {
        if (write.value) {
          expected[write.key] = *write.value;
        } else {
          expected.erase(write.key);
        }
      }
    }
    ASSERT_TRUE(found == expected) << "seed " << seed << ", life " << life << ", batch " << applied;
  }
  EXPECT_GT(applied, 15U * 10U);
}

/// Writes until the store fails; an empty text when it did so as it should, and what it took is there after
/// `mend`.
std::string fill_up(const std::string& path, const std::function<void()>& mend) {
  std::uint64_t taken = 0;
  {
    auto store = RecordStore::open(path);
    if (!store) return store.error().message;
    Status status;
    while (status && taken < 1'000) {
      const Batch batch{taken + 1, {{std::to_string(taken + 1), std::string(10'000, 'x')}}};
      status = store->commit({&batch, 1});
      taken += status ? 1 : 0;
    }
    if (status) return "the disk was never full";
    if (status.error().code != ErrorCode::Io) return "another code: " + status.error().message;
    if (status.error().message.find(path) == std::string::npos)
      return "no file in: " + status.error().message;
    if (status.error().hint.find("make room") == std::string::npos) {
      return "no way out in: " + status.error().message + "; " + status.error().hint;
    }
    mend();
    const Batch late{5'000, {{"late", "x"}}};
    if (store->commit({&late, 1})) return "a store that failed took something";
  }
  auto store = RecordStore::open(path);
  if (!store) return "after the failure: " + store.error().message;
  const auto records = store->load();
  if (!records) return "after the failure: " + records.error().message;
  const std::map<std::string, std::string> found(records->begin(), records->end());
  for (std::uint64_t token = 1; token <= taken; ++token) {
    if (!found.contains(std::to_string(token))) return fmt::format("batch {} of {} is lost", token, taken);
  }
  if (found.contains("late")) return "a batch is there that was refused";
  return taken > 10 ? std::string() : "too little fitted";
}

void say(int out, const std::string& text) {
  DART_CHECK(write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

TEST_F(RecordStoreFaultsTest, ALimitOfTheFileIsAnErrorThatSaysWhatToDo) {
  Fork child([&](int out) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = std::exchange(limit.rlim_cur, 600'000);
    setrlimit(RLIMIT_FSIZE, &limit);
    say(out, fill_up(path_, [&] {
          limit.rlim_cur = before;
          setrlimit(RLIMIT_FSIZE, &limit);
        }));
  });
  EXPECT_EQ(child.end(), "");
}

TEST_F(RecordStoreFaultsTest, AFullDiskIsAnErrorThatSaysWhatToDo) {
  const std::string disk = folder_.file("disk");
  std::filesystem::create_directory(disk);
  Fork child([&](int out) {
    // A small disk that only this child sees. Where one may not mount, the limit of the test above must do.
    const bool mounted = unshare(CLONE_NEWNS) == 0 &&
                         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=800k") == 0;
    if (!mounted) {
      fmt::print(stderr, "no right to mount: nothing is tried here\n");
      return;
    }
    say(out, fill_up(disk + "/records",
                     [&] { DART_CHECK(mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=4m") == 0); }));
  });
  EXPECT_EQ(child.end(), "");
}

TEST_F(RecordStoreFaultsTest, WhatMayNotBeWrittenIsAnErrorThatSaysSo) {
  const auto nowhere = RecordStore::open(folder_.file("no/such/records"));
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("no/such/records"), std::string::npos) << nowhere.error().message;
  ASSERT_TRUE(RecordStore::open(path_));
  chmod(path_.c_str(), 0444);
  chmod(folder_.path().c_str(), 0555);
  Fork child([&](int out) {
    // To root nothing is read-only.
    constexpr uid_t kNobody = 65534;
    if (geteuid() == 0) DART_CHECK(setuid(kNobody) == 0);
    const auto store = RecordStore::open(path_);
    say(out, store ? "opened" : store.error().message + "; " + store.error().hint);
  });
  const std::string said = child.end();
  EXPECT_NE(said.find(path_), std::string::npos) << said;
  EXPECT_NE(said.find("writable"), std::string::npos) << said;
  chmod(folder_.path().c_str(), 0700);
}

}  // namespace
}  // namespace dart::runtime
