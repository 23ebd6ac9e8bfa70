#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/value.hpp"
#include "runtime/query/ring_unit.hpp"

namespace dart::runtime::test {

inline columnar::Chunk numbers(std::int64_t from, std::size_t count) {
  columnar::Chunk chunk;
  chunk.rows = count;
  columnar::Vector column(columnar::LogicalType::of(columnar::TypeId::BigInt));
  column.reset(count);
  for (std::size_t r = 0; r < count; ++r)
    column.mutable_data<std::int64_t>()[r] = from + static_cast<std::int64_t>(r);
  chunk.columns.push_back(std::move(column));
  return chunk;
}

/// A unit of a test: counts rows from 0 as a source, passes on and writes down what it receives, and notices
/// when two workers are inside it at once.
class FakeUnit final : public RingUnit {
 public:
  using Turn = engine::Instance::Turn;

  std::int64_t to_read = 0;                                 ///< rows that it makes as a source
  std::vector<std::size_t> exchanges;                       ///< where its rows go
  std::size_t inputs = 0;                                   ///< ends to wait for
  std::size_t fail_after = SIZE_MAX;                        ///< received rows after which it fails
  std::function<std::optional<Turn>(TimePoint)> hold_back;  ///< a Turn without rows instead of reading
  std::function<void()> on_receive;
  std::atomic<std::size_t>* destroyed = nullptr;

  std::vector<std::int64_t> received;
  std::int64_t read = 0;
  std::size_t pauses = 0;
  int fd = -1;

  ~FakeUnit() override {
    if (destroyed != nullptr) ++*destroyed;
  }
  bool has_sources() const override { return to_read > 0; }
  Turn poll(TimePoint time, std::size_t budget) override {
    const Inside inside(*this);
    EXPECT_FALSE(barrier_);
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
    if (auto* chunk = std::get_if<columnar::Chunk>(&message.content)) {
      for (std::size_t r = 0; r < chunk->rows; ++r) received.push_back(chunk->columns[0].at<std::int64_t>(r));
      send(*chunk);
    } else if (std::holds_alternative<engine::End>(message.content) && --inputs == 0) {
      end();
    }
    if (received.size() >= fail_after) failure_ = Error{ErrorCode::Io, "the disk is full", std::nullopt, {}};
  }
  void pause() override {
    const Inside inside(*this);
    ++pauses;
  }
  void stop_sources() override {}
  std::vector<engine::Message>& outgoing() override { return outgoing_; }
  bool finished() const override { return finished_; }
  const std::optional<Error>& failure() const override { return failure_; }
  std::vector<int> ready_fds() const override { return fd < 0 ? std::vector<int>{} : std::vector<int>{fd}; }

  void start_barrier(std::uint64_t barrier) override { barrier_ = barrier; }
  std::optional<std::uint64_t> held_barrier() const override { return barrier_; }
  void resume() override { barrier_.reset(); }
  std::string snapshot() const override { return std::to_string(read); }
  Status restore(std::string_view bytes) override {
    read = std::stoll(std::string(bytes));
    return {};
  }
  std::vector<engine::OperatorReport> report() const override {
    return std::vector<engine::OperatorReport>(1);
  }

 private:
  struct Inside {
    explicit Inside(FakeUnit& unit) : unit_(unit) { EXPECT_EQ(unit_.inside_.fetch_add(1), 0); }
    ~Inside() { unit_.inside_.fetch_sub(1); }
    FakeUnit& unit_;
  };
  void send(const columnar::Chunk& chunk) {
    for (const std::size_t e : exchanges) {
      outgoing_.emplace_back();
      outgoing_.back().exchange = e;
      outgoing_.back().content = chunk;
    }
  }
  void end() {
    for (const std::size_t e : exchanges) {
      outgoing_.emplace_back();
      outgoing_.back().exchange = e;
      outgoing_.back().content = engine::End{};
    }
    finished_ = true;
  }

  std::vector<engine::Message> outgoing_;
  std::optional<Error> failure_;
  std::optional<std::uint64_t> barrier_;
  std::atomic<int> inside_{0};
  bool finished_ = false;
};

}  // namespace dart::runtime::test
