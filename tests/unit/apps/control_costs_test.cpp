#include <gtest/gtest.h>

#include "apps/bench/step_clock.hpp"
#include "apps/sim/deploy_app.hpp"
#include "apps/sim/measured_costs.hpp"
#include "placement/policy.hpp"

namespace dart::apps {
namespace {

TEST(MeasuredCosts, every_policy_was_measured) {
  const auto costs = sim::ControlCosts::parse(measured_costs_text());
  ASSERT_TRUE(costs) << costs.error().message;
  EXPECT_GT(costs->plan.us, 0);
  EXPECT_GT(costs->open.us, 0);
  for (const placement::Policy* policy : placement::policies()) {
    const auto steps = costs->steps.find(std::string(policy->name()));
    ASSERT_NE(steps, costs->steps.end()) << policy->name();
    for (const char* kind :
         {"local.request > query.ask", "directory.answer > query.deploy", "overlay.heartbeat >"}) {
      const auto known = sim::step_kind_named(kind);
      ASSERT_TRUE(known) << kind;
      EXPECT_TRUE(steps->second.contains(*known)) << policy->name() << ", " << kind;
    }
  }
}

TEST(DeployApp, is_the_taxi_query_with_the_stages_of_an_app) {
  const auto app = deploy_app();
  ASSERT_TRUE(app) << app.error().message;
  EXPECT_EQ(app->stages.size(), 3U);
  EXPECT_NE(app->text.find("frequent_routes"), std::string::npos);
  EXPECT_GT(app->program.size(), 500U);
}

TEST(StepClock, medians_are_in_microseconds) {
  const sim::MeasuredCost cost = bench::median_cost({9'000, 1'000, 2'000, 8'000, 3'000});
  EXPECT_DOUBLE_EQ(cost.us, 3);
  EXPECT_EQ(cost.samples, 5U);
  EXPECT_EQ(bench::median_cost({}).samples, 0U);
}

}  // namespace
}  // namespace dart::apps
