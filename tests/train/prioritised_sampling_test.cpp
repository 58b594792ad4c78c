#include "qtot/train/prioritised_sampling.h"

#include <gtest/gtest.h>

#include <cmath>

#include "qtot/base/error.h"

namespace qtot::train {
namespace {

config::TrainingConfig prioritised() {
  config::TrainingConfig config;
  config.use_per = true;
  config.per_alpha = 1;
  config.per_beta = 0.4;
  config.t_max = 1000;
  config.buffer_size = config.batch_size = 4;
  return config;
}

// Ticket i has priority 2^i, so that with alpha = 1 its weight is (2^i / 1)^-beta.
TEST(PrioritisedSampling, BetaRisesLinearlyToOneAtTmax) {
  PrioritisedSampling sampling(prioritised());
  sampling.restore({{"priorities", {1, 2, 4, 8}}, {"priorities.highest", {8}}}, 4, 4, "test");
  for (const auto& [t_env, beta] :
       {std::pair<std::int64_t, double>{0, 0.4}, {500, 0.7}, {1000, 1.0}, {2000, 1.0}}) {
    std::vector<core::Ticket> tickets(4);
    sampling.sample(7, t_env, tickets);
    for (std::size_t i = 0; i < tickets.size(); ++i) {
      constexpr double kRounding = 1e-14;  // of two powers
      EXPECT_NEAR(sampling.weights()[i], std::pow(2.0, -beta * static_cast<double>(tickets[i])),
                  kRounding)
          << "t_env " << t_env << ", ticket " << tickets[i];
    }
  }
}

TEST(PrioritisedSampling, RefusesARangeOfReturnsThatIsTheWrongWayRound) {
  config::TrainingConfig config = prioritised();
  config.return_priority = true;
  PrioritisedSampling sampling(config);
  const NamedNumbers numbers = {
      {"priorities", {1, 1}}, {"priorities.highest", {1}}, {"priorities.returns", {3, -3}}};
  EXPECT_THROW(sampling.restore(numbers, 2, 2, "a.qtot"), Error);
}

}  // namespace
}  // namespace qtot::train
