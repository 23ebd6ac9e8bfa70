#include "runtime/mailbox.hpp"

#include <gmock/gmock.h>

#include <string>

#include "columnar/value.hpp"
#include "engine/pick_policy.hpp"

namespace dart::runtime {
namespace {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using columnar::Vector;

engine::Message rows(std::size_t count) {
  Chunk chunk;
  chunk.rows = count;
  Vector column(LogicalType::of(TypeId::BigInt));
  column.reset(count);
  for (std::size_t r = 0; r < count; ++r) column.set_value(r, Value::bigint(static_cast<std::int64_t>(r)));
  chunk.columns.push_back(column);
  return {0, std::move(chunk)};
}

void put(Mailbox& mailbox, engine::Message message) {
  const MessageSize size = size_of(message);
  mailbox.put(std::move(message), size);
}

TEST(MessageSizeTest, CountsRowsColumnsAndLongStrings) {
  engine::Message message = rows(3);
  EXPECT_EQ(size_of(message).rows, 3U);
  EXPECT_EQ(size_of(message).bytes, 24U);

  auto& chunk = std::get<Chunk>(message.content);
  Vector texts(LogicalType::of(TypeId::Text));
  texts.reset(3);
  texts.set_value(0, Value::text("short"));
  texts.set_value(1, Value::text(std::string(100, 'x')));
  texts.set_value(2, Value::null(LogicalType::of(TypeId::Text)));
  chunk.columns.push_back(texts);
  chunk.columns.push_back(Vector::constant(Value::bigint(7)));
  EXPECT_EQ(size_of(message).bytes, 24U + 3 * 16 + 100 + 8);

  EXPECT_EQ(size_of({0, engine::End{}}).rows, 0U);
  EXPECT_EQ(size_of({0, engine::Watermark{5}}).bytes, 0U);
}

TEST(MailboxTest, GivesMessagesInOrderUpToTheRowsAsked) {
  Mailbox mailbox({1000, 1U << 20});
  put(mailbox, rows(10));
  put(mailbox, {0, engine::Watermark{1}});
  put(mailbox, rows(20));
  put(mailbox, rows(30));
  EXPECT_EQ(mailbox.pending(), 64U);

  std::vector<engine::Message> taken;
  mailbox.take(30, taken);
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(std::get<Chunk>(taken[0].content).rows, 10U);
  EXPECT_TRUE(std::holds_alternative<engine::Watermark>(taken[1].content));
  EXPECT_EQ(std::get<Chunk>(taken[2].content).rows, 20U);
  EXPECT_EQ(mailbox.held().rows, 30U);
  EXPECT_EQ(mailbox.peak().rows, 60U);
}

TEST(MailboxTest, GivesAtLeastOneMessageHoweverLarge) {
  Mailbox mailbox({1000, 1U << 20});
  put(mailbox, rows(500));
  std::vector<engine::Message> taken;
  mailbox.take(1, taken);
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_TRUE(mailbox.empty());
}

TEST(MailboxTest, IsFullByRowsOrByBytes) {
  Mailbox by_rows({10, 1U << 20});
  put(by_rows, rows(9));
  EXPECT_FALSE(by_rows.full());
  put(by_rows, rows(1));
  EXPECT_TRUE(by_rows.full());
  std::vector<engine::Message> taken;
  by_rows.take(1, taken);
  EXPECT_FALSE(by_rows.full());

  Mailbox by_bytes({1000, 80});
  put(by_bytes, rows(9));
  EXPECT_FALSE(by_bytes.full());
  put(by_bytes, rows(1));
  EXPECT_TRUE(by_bytes.full());
}

TEST(PickPolicyTest, TakesTheMostPendingThenTheLongestWaiting) {
  using engine::InstanceLoad;
  EXPECT_EQ(engine::pick({}), std::nullopt);
  const InstanceLoad none_free[] = {{false, 9, 0}, {false, 2, 0}};
  EXPECT_EQ(engine::pick(none_free), std::nullopt);
  const InstanceLoad busiest_runs[] = {{false, 90, 1}, {true, 10, 2}, {true, 20, 3}, {true, 0, 0}};
  EXPECT_EQ(engine::pick(busiest_runs), 2U);
  const InstanceLoad equal[] = {{true, 5, 7}, {true, 5, 3}, {true, 5, 4}};
  EXPECT_EQ(engine::pick(equal), 1U);
}

}  // namespace
}  // namespace dart::runtime
