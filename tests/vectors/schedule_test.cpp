// The epsilon schedule against PyMARL's DecayThenFlatSchedule.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "qtot/agents/epsilon_greedy.h"
#include "support/agreement.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

TEST(ScheduleVectors, LinearEpsilon) {
  const Npz file = Npz::load(committed_vector("unit_schedule_tree"));
  const nlohmann::json meta = file.json("meta");
  const auto start = meta.at("start").get<double>();
  const auto finish = meta.at("finish").get<double>();
  const auto anneal_time = meta.at("time_length").get<std::int64_t>();
  std::vector<double> epsilons;
  for (const std::int64_t t : file.at("in/t").as_ints()) {
    epsilons.push_back(agents::linear_epsilon(start, finish, anneal_time, t));
  }
  Agreement agreement(true);
  agreement.compare("linear", Kind::kValue, epsilons, file.at("f64/linear").as_doubles());
  expect_agreement(agreement);
}

}  // namespace
}  // namespace qtot::test
