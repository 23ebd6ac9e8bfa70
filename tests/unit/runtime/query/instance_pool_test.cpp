#include "runtime/query/instance_pool.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <stdexcept>

#include "runtime/clock.hpp"
#include "unit/runtime/query/fake_unit.hpp"

namespace dart::runtime {
namespace {

using test::FakeUnit;
using Event = InstancePool::Event;

/// Everything of a unit goes to one other slot.
class ToSlot final : public Outlet {
 public:
  InstancePool* pool = nullptr;
  InstancePool::SlotPtr to;
  Status send(std::vector<engine::Message>& messages) override {
    if (!messages.empty()) pool->put(to, std::move(messages));
    messages.clear();
    return {};
  }
  void flush() override {}
  bool has_room() const override { return !InstancePool::full(*to); }
};
/// Nobody reads it; may be shut.
class Nowhere final : public Outlet {
 public:
  std::atomic<bool> open{true};
  std::atomic<std::size_t> messages{0};
  Status send(std::vector<engine::Message>& sent) override {
    messages += sent.size();
    sent.clear();
    return {};
  }
  void flush() override {}
  bool has_room() const override { return open; }
};

class InstancePoolTest : public testing::TestWithParam<std::size_t> {
 protected:
  InstancePool& pool() {
    if (!pool_) {
      pool_.emplace(settings, [this](const InstancePool::SlotPtr& slot, Event event) {
        const std::lock_guard lock(mutex_);
        events_.emplace_back(slot.get(), event);
        changed_.notify_all();
      });
    }
    return *pool_;
  }
  InstancePool::SlotPtr add(std::unique_ptr<FakeUnit> unit, std::shared_ptr<Outlet> outlet = nullptr) {
    if (!outlet) outlet = std::make_shared<Nowhere>();
    return pool().add(std::move(unit), std::move(outlet));
  }
  std::shared_ptr<ToSlot> to(const InstancePool::SlotPtr& slot) {
    auto outlet = std::make_shared<ToSlot>();
    outlet->pool = &pool();
    outlet->to = slot;
    return outlet;
  }
  [[nodiscard]] bool happens(const InstancePool::SlotPtr& slot, Event event) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::count(events_.begin(), events_.end(), std::pair{slot.get(), event}) > 0;
    });
  }
  /// What the unit says while nothing runs in it.
  template <class Ask>
  auto ask(const InstancePool::SlotPtr& slot, Ask what) {
    std::optional<decltype(what(std::declval<FakeUnit&>()))> answer;
    pool().visit(slot, [&](RingUnit& unit) {
      const std::lock_guard lock(mutex_);
      answer = what(static_cast<FakeUnit&>(unit));
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return answer.has_value(); });
    return *answer;
  }
  template <class Until>
  [[nodiscard]] bool becomes(Until until) {
    for (int i = 0; i < 10'000; ++i) {
      if (until()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  InstancePoolSettings settings{.workers = GetParam()};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<InstancePool::Slot*, Event>> events_;
  std::optional<InstancePool> pool_;
};

INSTANTIATE_TEST_SUITE_P(Workers, InstancePoolTest, testing::Values(1, 3));

std::unique_ptr<FakeUnit> source(std::int64_t rows) {
  auto unit = std::make_unique<FakeUnit>();
  unit->to_read = rows;
  unit->exchanges = {0};
  return unit;
}
std::unique_ptr<FakeUnit> sink() {
  auto unit = std::make_unique<FakeUnit>();
  unit->inputs = 1;
  return unit;
}

TEST_P(InstancePoolTest, EveryRowArrivesOnceAndInOrder) {
  const auto end = add(sink());
  auto middle_unit = sink();
  middle_unit->exchanges = {0};
  const auto middle = add(std::move(middle_unit), to(end));
  const auto first = add(source(300'000), to(middle));
  ASSERT_TRUE(happens(end, Event::Finished));
  const auto received = ask(end, [](FakeUnit& unit) { return unit.received; });
  ASSERT_EQ(received.size(), 300'000U);
  for (std::size_t r = 0; r < received.size(); ++r) ASSERT_EQ(received[r], static_cast<std::int64_t>(r));
  EXPECT_TRUE(pool().finished(first));
}

TEST_P(InstancePoolTest, AFullMailboxStopsItsProducer) {
  settings.bounds.rows = 1000;
  settings.turn_rows = 500;
  const auto end = add(sink());
  pool().visit(end, [](RingUnit& unit) { unit.start_barrier(1); });  // takes nothing
  ASSERT_TRUE(happens(end, Event::Held));
  const auto first = add(source(50'000), to(end));
  EXPECT_TRUE(becomes([&] { return pool().waiting(end).rows >= 1000; }));
  const auto read = ask(first, [](FakeUnit& unit) { return unit.read; });
  EXPECT_LE(read, 1500);
  EXPECT_EQ(ask(first, [](FakeUnit& unit) { return unit.read; }), read);
  pool().visit(end, [](RingUnit& unit) { unit.resume(); });
  ASSERT_TRUE(happens(end, Event::Finished));
  EXPECT_EQ(ask(end, [](FakeUnit& unit) { return unit.received.size(); }), 50'000U);
}

TEST_P(InstancePoolTest, AnOutletWithoutRoomHoldsItsUnitUntilToldOtherwise) {
  auto shut = std::make_shared<Nowhere>();
  shut->open = false;
  const auto slot = add(source(1000), shut);
  EXPECT_EQ(ask(slot, [](FakeUnit& unit) { return unit.read; }), 0);
  shut->open = true;
  pool().room_changed();
  EXPECT_TRUE(happens(slot, Event::Finished));
  EXPECT_GT(shut->messages, 0U);
}

TEST_P(InstancePoolTest, AFailureIsToldOnceAndTheOthersGoOn) {
  auto failing = sink();
  failing->fail_after = 10;
  const auto bad = add(std::move(failing));
  add(source(1'000'000), to(bad));
  ASSERT_TRUE(happens(bad, Event::Failed));
  EXPECT_EQ(pool().failure(bad)->message, "the disk is full");
  auto throwing = sink();
  throwing->on_receive = [] { throw std::runtime_error("thrown"); };
  const auto worse = add(std::move(throwing));
  add(source(10), to(worse));
  ASSERT_TRUE(happens(worse, Event::Failed));
  EXPECT_EQ(pool().failure(worse)->message, "thrown");
  const auto good = add(sink());
  add(source(10'000), to(good));
  EXPECT_TRUE(happens(good, Event::Finished));
}

TEST_P(InstancePoolTest, ARemovedUnitIsDestroyedByAWorker) {
  std::atomic<std::size_t> destroyed{0};
  auto endless = source(INT64_MAX);
  endless->destroyed = &destroyed;
  const auto running = add(std::move(endless));
  auto idle = sink();
  idle->destroyed = &destroyed;
  const auto waiting = add(std::move(idle));
  pool().remove(running);
  pool().remove(waiting);
  EXPECT_TRUE(happens(running, Event::Closed));
  EXPECT_TRUE(happens(waiting, Event::Closed));
  EXPECT_EQ(destroyed, 2U);
}

TEST_P(InstancePoolTest, AUnitStandsStillBehindABarrierUntilItGoesOn) {
  auto endless = source(INT64_MAX);
  auto out = std::make_shared<Nowhere>();
  const auto slot = add(std::move(endless), out);
  pool().visit(slot, [](RingUnit& unit) { unit.start_barrier(7); });
  ASSERT_TRUE(happens(slot, Event::Held));
  EXPECT_EQ(pool().held_barrier(slot), 7U);
  const auto read = ask(slot, [](FakeUnit& unit) { return unit.read; });
  EXPECT_EQ(ask(slot, [](FakeUnit& unit) { return unit.read; }), read);
  auto other = std::make_shared<Nowhere>();
  pool().rebind(slot, other);
  pool().visit(slot, [](RingUnit& unit) { unit.resume(); });
  EXPECT_TRUE(becomes([&] { return other->messages > 0; }));
}

TEST_P(InstancePoolTest, HeldSourcesAreNotReadAndReceiversGoOn) {
  auto out = std::make_shared<Nowhere>();
  const auto slot = pool().add(source(1000), out, true);
  EXPECT_EQ(ask(slot, [](FakeUnit& unit) { return unit.read; }), 0);
  pool().hold_sources(slot, false);
  EXPECT_TRUE(happens(slot, Event::Finished));
}

TEST_P(InstancePoolTest, ASourceIsReadWhenItSaidAndWhenItsDescriptorIsReadable) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::atomic<int> asked{0};
  auto timed = source(10);
  const TimePoint due = now() + Duration{20'000};
  timed->hold_back = [&](TimePoint time) -> std::optional<FakeUnit::Turn> {
    ++asked;
    if (time < due) return FakeUnit::Turn{0, due};
    return std::nullopt;
  };
  auto readable = source(10);
  std::atomic<bool> may{false};
  readable->fd = ends[0];
  readable->hold_back = [&](TimePoint) -> std::optional<FakeUnit::Turn> {
    if (!may) return FakeUnit::Turn{0, std::nullopt};
    return std::nullopt;
  };
  const auto first = add(std::move(timed));
  const auto second = add(std::move(readable));
  EXPECT_TRUE(happens(first, Event::Finished));
  EXPECT_LE(asked, 3);
  may = true;
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_TRUE(happens(second, Event::Finished));
  close(ends[0]);
  close(ends[1]);
}

TEST_P(InstancePoolTest, BytesFromAnotherHostAreUnpackedAndWrongOnesFail) {
  struct Link final : Inlet {
    Result<std::vector<engine::Message>> unpack(std::string_view bytes) override {
      if (bytes == "wrong") return fail(ErrorCode::Data, "wrong bytes");
      std::vector<engine::Message> messages(2);
      messages[0].content = test::numbers(5, 3);
      messages[1].content = engine::End{};
      return messages;
    }
    void used(std::size_t bytes) override { consumed += bytes; }
    std::atomic<std::size_t> consumed{0};
  };
  const auto link = std::make_shared<Link>();
  const auto good = add(sink());
  pool().put(good, Packed{link, "rows"}, {3, 4});
  ASSERT_TRUE(happens(good, Event::Finished));
  EXPECT_THAT(ask(good, [](FakeUnit& unit) { return unit.received; }), testing::ElementsAre(5, 6, 7));
  const auto bad = add(sink());
  pool().put(bad, Packed{link, "wrong"}, {3, 5});
  ASSERT_TRUE(happens(bad, Event::Failed));
  pool().put(bad, Packed{link, "later"}, {3, 5});
  EXPECT_TRUE(becomes([&] { return link->consumed == 14; }));
}

TEST_P(InstancePoolTest, AThousandIdleUnitsCostNoTurns) {
  const auto before = process_cpu_us();
  std::vector<InstancePool::SlotPtr> slots;
  for (int i = 0; i < 1000; ++i) slots.push_back(add(sink()));
  const auto last = add(source(5), to(slots[500]));
  ASSERT_TRUE(happens(slots[500], Event::Finished));
  EXPECT_LT(process_cpu_us() - before, 5'000'000);
}

}  // namespace
}  // namespace dart::runtime
