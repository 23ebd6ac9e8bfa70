// Snapshots of instances: what they refuse, and that bytes from elsewhere never do harm.
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "support/snapshot_subject.hpp"

namespace dart::support {
namespace {

TEST(Snapshot, EveryTruncationIsAnError) {
  for (const std::string& query : snapshot_queries()) {
    const std::string bytes = SnapshotSubject(query).instance().snapshot();
    ASSERT_GT(bytes.size(), 100U);
    EXPECT_TRUE(SnapshotSubject(query, false).instance().restore(bytes)) << query;
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 40) {
      EXPECT_FALSE(SnapshotSubject(query, false).instance().restore(std::string_view(bytes).substr(0, size)));
    }
    EXPECT_FALSE(SnapshotSubject(query, false).instance().restore(bytes + "x"));
  }
}

TEST(Snapshot, OfAnotherVersionOrQueryAreRefused) {
  std::string bytes = SnapshotSubject(snapshot_queries()[0]).instance().snapshot();
  EXPECT_FALSE(SnapshotSubject(snapshot_queries()[3], false).instance().restore(bytes));
  bytes[0] = static_cast<char>(bytes[0] + 1);
  const Status status = SnapshotSubject(snapshot_queries()[0], false).instance().restore(bytes);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("version"), std::string::npos);
}

TEST(Snapshot, ChangedBytesNeverCrashNeitherThenNorLater) {
  constexpr std::uint64_t kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  std::size_t accepted = 0;
  for (const std::string& query : snapshot_queries()) {
    const std::string good = SnapshotSubject(query).instance().snapshot();
    for (int round = 0; round < 60; ++round) {
      std::string bytes = good;
      const std::uint64_t changes = 1 + random.below(3);
      for (std::uint64_t k = 0; k < changes; ++k)
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      SnapshotSubject other(query, false);
      if (!other.instance().restore(bytes)) continue;
      ++accepted;
      // A row with a huge weight is honestly written as often as it says.
      if (query.find("emit") != std::string::npos) continue;
      other.feed();
      other.finish();
    }
  }
  EXPECT_GT(accepted, 0U) << "values can change without breaking anything";
}

}  // namespace
}  // namespace dart::support
