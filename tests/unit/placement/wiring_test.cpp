#include "placement/wiring.hpp"

#include <gmock/gmock.h>

#include <set>

namespace dart::placement {
namespace {

/// A Source, a Combine that may be left out, a Main of two partitions.
plan::Distribution three_stages() {
  plan::Distribution distribution;
  distribution.stages.resize(3);
  distribution.stages[0].role = plan::StageRole::Source;
  distribution.stages[0].outputs = {0};
  distribution.stages[1].role = plan::StageRole::Combine;
  distribution.stages[1].inputs = {0};
  distribution.stages[1].outputs = {1};
  distribution.stages[2].inputs = {1};
  distribution.exchanges.resize(2);
  distribution.exchanges[0].from_stage = 0;
  distribution.exchanges[0].to_stage = 1;
  distribution.exchanges[1].from_stage = 1;
  distribution.exchanges[1].to_stage = 2;
  return distribution;
}

TEST(WiringTest, RowsForACombineThatIsLeftOutGoStraightOn) {
  const auto distribution = three_stages();
  const std::vector<InstanceId> partitions = {{2, 0}, {2, 1}};
  const std::vector<Placed> placed = {{{0, 0}, {}, {{1, 0}}, false},   {{0, 1}, {}, {{1, 1}}, false},
                                      {{0, 2}, {}, partitions, false}, {{1, 0}, {}, {{1, 1}}, false},
                                      {{1, 1}, {}, partitions, false}, {{2, 0}, {}, {}, false},
                                      {{2, 1}, {}, {}, true}};
  const auto far = wire(distribution, placed, {0, 2});
  ASSERT_TRUE(far);
  ASSERT_EQ(far->outputs.size(), 1U);
  EXPECT_EQ(far->outputs[0].receivers.size(), 2U);
  EXPECT_EQ(far->outputs[0].receivers[0].exchange, 0U);
  EXPECT_EQ(far->outputs[0].receivers[0].arrives, 1U);
  EXPECT_TRUE(far->outputs[0].receivers[1].away);

  const auto chained = wire(distribution, placed, {1, 1});
  ASSERT_EQ(chained->inputs.size(), 1U);
  ASSERT_EQ(chained->inputs[0].senders.size(), 2U);
  EXPECT_EQ(chained->inputs[0].senders[0].id, (InstanceId{0, 1}));
  EXPECT_EQ(chained->inputs[0].senders[1].id, (InstanceId{1, 0}));
  EXPECT_EQ(chained->inputs[0].senders[1].exchange, 1U);

  const auto main = wire(distribution, placed, {2, 0});
  ASSERT_EQ(main->inputs[0].senders.size(), 2U);
  std::set<std::uint32_t> numbers;
  for (const auto& sender : main->inputs[0].senders) numbers.insert(sender_number(sender.id, sender));
  EXPECT_EQ(numbers.size(), 2U);
  const auto told = ring_wiring(*main, 2);
  EXPECT_THAT(told.exchanges[1].senders, testing::ElementsAreArray(numbers));
  EXPECT_EQ(ring_wiring(*far, 2).exchanges[0].receivers, 2U);
}

TEST(WiringTest, APlacementThatDoesNotFitIsAnError) {
  const auto distribution = three_stages();
  EXPECT_FALSE(wire(distribution, {{{0, 0}, {}, {}, false}}, {0, 0}));
  EXPECT_FALSE(wire(distribution, {{{7, 0}, {}, {}, false}}, {7, 0}));
  EXPECT_FALSE(wire(distribution, {}, {0, 0}));
}

}  // namespace
}  // namespace dart::placement
