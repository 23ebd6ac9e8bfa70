#include "runtime/worker_pool.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <new>
#include <string>
#include <thread>

#include "columnar/value.hpp"
#include "runtime/clock.hpp"

namespace dart::runtime {
namespace {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::TypeId;
using columnar::Vector;

Chunk numbers(std::int64_t from, std::size_t count) {
  Chunk chunk;
  chunk.rows = count;
  Vector column(LogicalType::of(TypeId::BigInt));
  column.reset(count);
  for (std::size_t r = 0; r < count; ++r)
    column.mutable_data<std::int64_t>()[r] = from + static_cast<std::int64_t>(r);
  chunk.columns.push_back(std::move(column));
  return chunk;
}

/// A unit of a test: counts rows from 0 as a source, passes on or collects what it receives, and notices when
/// two workers are inside it at once.
class FakeUnit : public Unit {
 public:
  using Turn = engine::Instance::Turn;

  std::int64_t to_read = 0;                                 ///< rows that it makes as a source
  std::vector<std::size_t> exchanges;                       ///< where its rows go
  std::size_t inputs = 0;                                   ///< ends to wait for
  std::size_t finish_after = SIZE_MAX;                      ///< received rows after which it wants no more
  std::size_t fail_after = SIZE_MAX;                        ///< received rows after which it fails
  std::function<std::optional<Turn>(TimePoint)> hold_back;  ///< a Turn without rows instead of reading
  std::function<void()> on_receive;
  int fd = -1;

  std::vector<std::int64_t> received;
  std::int64_t read = 0;
  std::atomic<std::size_t> pauses{0};
  bool stopped = false;

  bool has_sources() const override { return to_read > 0; }
  Turn poll(TimePoint time, std::size_t budget) override {
    const Inside inside(*this);
    if (stopped) {
      end();
      return {0, std::nullopt};
    }
    if (hold_back) {
      if (const auto turn = hold_back(time)) return *turn;
    }
    const auto count = std::min<std::size_t>(budget, static_cast<std::size_t>(to_read - read));
    if (count > 0) send(numbers(read, count));
    read += static_cast<std::int64_t>(count);
    if (read == to_read) end();
    return {count, std::nullopt};
  }
  void receive(engine::Message message) override {
    const Inside inside(*this);
    if (on_receive) on_receive();
    if (auto* chunk = std::get_if<Chunk>(&message.content)) {
      for (std::size_t r = 0; r < chunk->rows; ++r) received.push_back(chunk->columns[0].at<std::int64_t>(r));
      send(*chunk);
    } else if (std::holds_alternative<engine::End>(message.content) && --inputs == 0) {
      end();
    }
    if (received.size() >= finish_after) finished_ = true;
    if (received.size() >= fail_after) failure_ = Error{ErrorCode::Io, "the disk is full", std::nullopt, {}};
  }
  void pause() override {
    const Inside inside(*this);
    ++pauses;
  }
  void stop_sources() override { stopped = true; }
  std::vector<engine::Message>& outgoing() override { return outgoing_; }
  bool finished() const override { return finished_; }
  const std::optional<Error>& failure() const override { return failure_; }
  std::vector<int> ready_fds() const override { return fd < 0 ? std::vector<int>{} : std::vector<int>{fd}; }

 private:
  struct Inside {
    explicit Inside(FakeUnit& unit) : unit_(unit) { EXPECT_EQ(unit_.inside_.fetch_add(1), 0); }
    ~Inside() { unit_.inside_.fetch_sub(1); }
    FakeUnit& unit_;
  };
  void send(const Chunk& chunk) {
    for (const std::size_t e : exchanges) outgoing_.push_back({e, chunk});
  }
  void end() {
    for (const std::size_t e : exchanges) outgoing_.push_back({e, engine::End{}});
    finished_ = true;
  }

  std::vector<engine::Message> outgoing_;
  std::optional<Error> failure_;
  std::atomic<int> inside_{0};
  bool finished_ = false;
};

/// source (0) -> middle (1) -> sink (2)
struct Chain {
  FakeUnit* source = new FakeUnit;
  FakeUnit* middle = new FakeUnit;
  FakeUnit* sink = new FakeUnit;

  explicit Chain(std::int64_t rows) {
    source->to_read = rows;
    source->exchanges = {0};
    middle->exchanges = {1};
    middle->inputs = sink->inputs = 1;
  }
  std::unique_ptr<WorkerPool> pool(const PoolSettings& settings, StopSignal& stop) const {
    std::vector<UnitWiring> units;
    units.push_back({std::unique_ptr<Unit>(source), true});
    units.push_back({std::unique_ptr<Unit>(middle), true});
    units.push_back({std::unique_ptr<Unit>(sink), false});
    return std::make_unique<WorkerPool>(std::move(units), std::vector<std::size_t>{1, 2},
                                        std::vector<std::vector<std::size_t>>{{1}, {2}, {}}, settings, stop);
  }
};

class WorkerPoolTest : public testing::TestWithParam<int> {
 protected:
  /// 0: a thread per unit; otherwise that many workers.
  static PoolSettings settings() {
    PoolSettings made;
    made.workers = static_cast<std::size_t>(GetParam());
    made.thread_per_unit = GetParam() == 0;
    return made;
  }
  StopSignal stop_;
};

TEST_P(WorkerPoolTest, EveryRowArrivesOnceAndInOrder) {
  const Chain chain(300'000);
  const auto pool = chain.pool(settings(), stop_);
  EXPECT_EQ(pool->run(), std::nullopt);
  ASSERT_EQ(chain.sink->received.size(), 300'000U);
  for (std::size_t r = 0; r < 300'000; ++r) ASSERT_EQ(chain.sink->received[r], static_cast<std::int64_t>(r));
}

TEST_P(WorkerPoolTest, AFullMailboxStopsItsProducers) {
  const Chain chain(200'000);
  PoolSettings small = settings();
  small.bounds.rows = 1000;
  small.turn_rows = 500;
  const auto pool = chain.pool(small, stop_);
  EXPECT_EQ(pool->run(), std::nullopt);
  EXPECT_EQ(chain.sink->received.size(), 200'000U);
  for (const std::size_t u : {1U, 2U}) {
    EXPECT_GT(pool->peak(u).rows, 0U);
    EXPECT_LT(pool->peak(u).rows, 1000U + 2 * 500U) << "unit " << u;
  }
}

TEST_P(WorkerPoolTest, AFailureStopsAllAndIsReportedOnce) {
  const Chain chain(INT64_MAX);
  chain.sink->fail_after = 10'000;
  const auto pool = chain.pool(settings(), stop_);
  const auto failure = pool->run();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->message, "the disk is full");
}

TEST_P(WorkerPoolTest, AnExceptionIsAFailure) {
  const Chain chain(INT64_MAX);
  chain.middle->on_receive = [] { throw std::bad_alloc(); };
  const auto pool = chain.pool(settings(), stop_);
  const auto failure = pool->run();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->message, "out of memory");
}

TEST_P(WorkerPoolTest, SourcesThatNobodyNeedsAnyMoreAreLeft) {
  const Chain chain(INT64_MAX);
  chain.sink->finish_after = 5000;
  const auto pool = chain.pool(settings(), stop_);
  EXPECT_EQ(pool->run(), std::nullopt);
  EXPECT_GE(chain.sink->received.size(), 5000U);
}

TEST_P(WorkerPoolTest, AStopFinishesWhatWasRead) {
  const Chain chain(INT64_MAX);
  chain.sink->on_receive = [&] { stop_.request(); };
  const auto pool = chain.pool(settings(), stop_);
  EXPECT_EQ(pool->run(), std::nullopt);
  EXPECT_TRUE(chain.source->stopped);
  EXPECT_EQ(chain.sink->received.size(), static_cast<std::size_t>(chain.source->read));
}

TEST_P(WorkerPoolTest, AStopEndsTheSleep) {
  const Chain chain(1);
  std::atomic<bool> waits{false};
  chain.source->hold_back = [&](TimePoint time) {
    waits = true;
    return FakeUnit::Turn{0, time + Duration{3'600'000'000}};
  };
  const auto pool = chain.pool(settings(), stop_);
  std::thread stopper([&] {
    while (!waits) std::this_thread::yield();
    stop_.request();
  });
  EXPECT_EQ(pool->run(), std::nullopt);
  stopper.join();
  EXPECT_TRUE(chain.source->stopped);
}

TEST_P(WorkerPoolTest, ASourceIsReadWhenItIsDueAndNotBefore) {
  const Chain chain(1);
  const TimePoint due = now() + Duration{20'000};
  TimePoint read_at;
  chain.source->hold_back = [&](TimePoint time) -> std::optional<FakeUnit::Turn> {
    if (time < due) return FakeUnit::Turn{0, due};
    read_at = time;
    return std::nullopt;
  };
  const auto pool = chain.pool(settings(), stop_);
  EXPECT_EQ(pool->run(), std::nullopt);
  EXPECT_GE(read_at, due);
  EXPECT_EQ(chain.sink->received.size(), 1U);
}

TEST_P(WorkerPoolTest, AReadableDescriptorWakesItsSource) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Chain chain(1);
  std::atomic<bool> waits{false};
  chain.source->fd = ends[0];
  chain.source->hold_back = [&](TimePoint) -> std::optional<FakeUnit::Turn> {
    char byte = 0;
    if (read(ends[0], &byte, 1) == 1) return std::nullopt;
    waits = true;
    return FakeUnit::Turn{0, std::nullopt};
  };
  const auto pool = chain.pool(settings(), stop_);
  std::thread writer([&] {
    while (!waits) std::this_thread::yield();
    EXPECT_EQ(write(ends[1], "x", 1), 1);
  });
  EXPECT_EQ(pool->run(), std::nullopt);
  writer.join();
  EXPECT_EQ(chain.sink->received.size(), 1U);
  close(ends[0]);
  close(ends[1]);
}

TEST_P(WorkerPoolTest, UnitsThatRunDryArePaused) {
  const Chain chain(4096);
  // After the first rows the source has nothing until the sink, which then waits, was paused.
  chain.source->hold_back = [&](TimePoint time) -> std::optional<FakeUnit::Turn> {
    if (chain.source->read == 0 || chain.sink->pauses > 0) return std::nullopt;
    return FakeUnit::Turn{0, time + Duration{200}};
  };
  const auto pool = chain.pool(settings(), stop_);
  EXPECT_EQ(pool->run(), std::nullopt);
  EXPECT_EQ(chain.sink->received.size(), 4096U);
}

std::string name_of_workers(const testing::TestParamInfo<int>& test) {
  return test.param == 0 ? "ThreadPerUnit" : "Workers" + std::to_string(test.param);
}
INSTANTIATE_TEST_SUITE_P(Pools, WorkerPoolTest, testing::Values(0, 1, 2, 4), name_of_workers);

TEST(RunAloneTest, ReadsToTheEndAndPausesInGaps) {
  FakeUnit unit;
  unit.to_read = 10'000;
  bool held = false;
  unit.hold_back = [&](TimePoint time) -> std::optional<FakeUnit::Turn> {
    if (unit.read == 0 || held) return std::nullopt;
    held = true;
    return FakeUnit::Turn{0, time + Duration{500}};
  };
  StopSignal stop;
  EXPECT_EQ(run_alone(unit, stop), std::nullopt);
  EXPECT_EQ(unit.read, 10'000);
  EXPECT_EQ(unit.pauses, 1U);
}

TEST(RunAloneTest, StopsWhenAsked) {
  FakeUnit unit;
  unit.to_read = INT64_MAX;
  StopSignal stop;
  unit.hold_back = [&](TimePoint) -> std::optional<FakeUnit::Turn> {
    if (unit.read > 0) stop.request();
    return std::nullopt;
  };
  EXPECT_EQ(run_alone(unit, stop), std::nullopt);
  EXPECT_TRUE(unit.stopped);
}

TEST(WakerTest, AWakeBeforeTheWaitIsNotLost) {
  Waker waker;
  waker.wake();
  EXPECT_TRUE(waker.wait(std::nullopt, {}).empty());
}

TEST(WakerTest, ADeadlineIsMetAndNeverEarly) {
  Waker waker;
  for (int round = 0; round < 20; ++round) {
    const TimePoint due = now() + Duration{300};
    waker.wait(due, {});
    EXPECT_GE(now(), due);
  }
}

}  // namespace
}  // namespace dart::runtime
