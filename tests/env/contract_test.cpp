// What every environment promises, over every line of envs/envs.def and every map.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <span>
#include <sstream>

#include "env/every_env.h"
#include "qtot/env/playthrough.h"
#include "support/error_text.h"

namespace qtot {
namespace {

using test::EnvCase;
using test::error_text;
using test::random_step;
using test::View;

constexpr int kEpisodes = 5;

class EveryEnv : public testing::TestWithParam<EnvCase> {
 protected:
  std::unique_ptr<env::Env> env_ = GetParam().make();
  env::DecPomdpSpec spec_ = env_->spec();
};

TEST_P(EveryEnv, HasAPositiveSpec) {
  EXPECT_GT(spec_.n_agents, 0);
  EXPECT_GT(spec_.n_actions, 0);
  EXPECT_GT(spec_.obs_dim, 0);
  EXPECT_GT(spec_.state_dim, 0);
  EXPECT_GT(spec_.episode_limit, 0);
}

TEST_P(EveryEnv, ObserveOverwritesEveryEntryWithFiniteNumbers) {
  test::reset(*env_, 0);
  for (int t = 0; !env_->has_ended(); ++t) {
    random_step(*env_, 0, t);
    const View view(*env_, 0);
    ASSERT_EQ(view, View(*env_, 99)) << "step " << t;
    for (const float x : view.obs) ASSERT_TRUE(std::isfinite(x));
    for (const float x : view.state) ASSERT_TRUE(std::isfinite(x));
    for (const std::uint8_t flag : view.avail) ASSERT_LE(flag, 1);
  }
}

TEST_P(EveryEnv, EveryAgentAlwaysHasAnAvailableAction) {
  for (std::uint64_t ticket = 0; ticket < kEpisodes; ++ticket) {
    test::reset(*env_, ticket);
    for (int t = 0;; ++t) {
      const View view(*env_);
      for (int agent = 0; agent < spec_.n_agents; ++agent) {
        int n_available = 0;
        for (int u = 0; u < spec_.n_actions; ++u) {
          n_available += view.avail[View::size(agent * spec_.n_actions + u)];
        }
        ASSERT_GT(n_available, 0) << "agent " << agent << ", ticket " << ticket << ", step " << t;
      }
      if (env_->has_ended()) break;
      random_step(*env_, ticket, t);
    }
  }
}

TEST_P(EveryEnv, AnEpisodeEndsOnceByRulesOrByTheLimit) {
  for (std::uint64_t ticket = 0; ticket < kEpisodes; ++ticket) {
    test::reset(*env_, ticket);
    ASSERT_FALSE(env_->has_ended());
    for (int t = 1;; ++t) {
      const env::StepResult result = random_step(*env_, ticket, t - 1);
      ASSERT_FALSE(result.terminated && result.truncated);
      ASSERT_TRUE(!result.won || (result.terminated && env_->reports_wins()));
      ASSERT_EQ(env_->has_ended(), result.terminated || result.truncated);
      ASSERT_TRUE(!result.truncated || t == spec_.episode_limit);
      ASSERT_LE(t, spec_.episode_limit);
      if (env_->has_ended()) break;
    }
  }
}

TEST_P(EveryEnv, TheSameChanceGivesTheSameBitsWhateverWasPlayedBefore) {
  const std::string fresh = env::playthrough(*env_, "", 5, 1000);
  env::playthrough(*env_, "", 6, 17);
  EXPECT_EQ(env::playthrough(*env_, "", 5, 1000), fresh);
  EXPECT_EQ(env::playthrough(*GetParam().make(), "", 5, 1000), fresh);
}

TEST_P(EveryEnv, ARestoredSnapshotContinuesIdentically) {
  for (std::uint64_t ticket = 0; ticket < kEpisodes; ++ticket) {
    const auto other = GetParam().make();
    test::reset(*env_, ticket);
    for (int t = 0; !env_->has_ended(); ++t) {
      if (t % 7 == 0) {  // the other one has been somewhere else
        test::reset(*other, ticket + 100);
        random_step(*other, ticket + 100, 0);
        other->restore(env_->snapshot());
      }
      ASSERT_EQ(other->snapshot(), env_->snapshot());
      ASSERT_EQ(View(*other), View(*env_));
      const env::StepResult ours = random_step(*env_, ticket, t);
      const env::StepResult theirs = random_step(*other, ticket, t);
      ASSERT_EQ(ours.reward, theirs.reward);
      ASSERT_EQ(ours.terminated, theirs.terminated);
      ASSERT_EQ(ours.truncated, theirs.truncated);
      ASSERT_EQ(ours.won, theirs.won);
    }
    other->restore(env_->snapshot());
    EXPECT_TRUE(other->has_ended());
    EXPECT_EQ(View(*other), View(*env_));
  }
}

// One step of an episode: what was paid, and what is seen after it.
struct Seen {
  env::StepResult result;
  std::vector<double> agent_rewards;
  View view;
  env::Snapshot snapshot;
};

Seen played_step(env::Env& env, std::uint64_t ticket, int t) {
  const env::StepResult result = random_step(env, ticket, t);
  const std::span<const double> rewards = env.agent_rewards();
  return {result, {rewards.begin(), rewards.end()}, View(env), env.snapshot()};
}

TEST_P(EveryEnv, ASnapshotOfAnyStepReproducesTheRestOfTheEpisode) {
  constexpr int kBudget =
      15000;  // steps; the rest of a long episode is cut, so that all maps take seconds
  test::reset(*env_, 3);
  std::vector<env::Snapshot> before = {env_->snapshot()};
  std::vector<Seen> episode;
  for (int t = 0; !env_->has_ended(); ++t) {
    episode.push_back(played_step(*env_, 3, t));
    before.push_back(episode.back().snapshot);
  }
  const int length = static_cast<int>(episode.size());
  const int n_steps = std::max(1, kBudget / length);
  for (int start = 0; start < length; ++start) {
    env_->restore(before[View::size(start)]);
    for (int t = start; t < std::min(length, start + n_steps); ++t) {
      const Seen again = played_step(*env_, 3, t);
      const Seen& first = episode[View::size(t)];
      ASSERT_EQ(again.view, first.view) << "from step " << start << " at step " << t;
      ASSERT_EQ(again.snapshot, first.snapshot) << "from step " << start << " at step " << t;
      ASSERT_EQ(again.agent_rewards, first.agent_rewards);
      ASSERT_EQ(again.result.reward, first.result.reward);
      ASSERT_EQ(again.result.terminated, first.result.terminated);
      ASSERT_EQ(again.result.truncated, first.result.truncated);
      ASSERT_EQ(again.result.won, first.result.won);
    }
  }
}

// What one agent has less of than others is never available, and is 0.
TEST_P(EveryEnv, ShowsNothingBeyondAnAgentsOwnActionsAndObservation) {
  for (int agent = 0; agent < spec_.n_agents; ++agent) {
    ASSERT_GE(env_->n_actions_of(agent), 1);
    ASSERT_LE(env_->n_actions_of(agent), spec_.n_actions);
    ASSERT_GE(env_->obs_dim_of(agent), 1);
    ASSERT_LE(env_->obs_dim_of(agent), spec_.obs_dim);
  }
  test::reset(*env_, 1);
  for (int t = 0;; ++t) {
    const View view(*env_, 9);
    for (int agent = 0; agent < spec_.n_agents; ++agent) {
      for (int u = env_->n_actions_of(agent); u < spec_.n_actions; ++u) {
        ASSERT_EQ(view.avail[View::size(agent * spec_.n_actions + u)], 0);
      }
      for (int i = env_->obs_dim_of(agent); i < spec_.obs_dim; ++i) {
        ASSERT_EQ(view.obs[View::size(agent * spec_.obs_dim + i)], 0);
      }
    }
    if (env_->has_ended()) break;
    random_step(*env_, 1, t);
  }
}

// What is drawn is finite and in its world, and a unit keeps its place in the list.
TEST_P(EveryEnv, DrawsUnitsThatKeepTheirPlaces) {
  env::Drawing drawing;
  test::reset(*env_, 0);
  if (!env_->draw(drawing)) return;
  const std::vector<env::DrawnUnit> first = drawing.units;
  const auto lies_within = [](double value, double low, double size) {
    return value >= low && value <= low + size;
  };
  for (int t = 0;; ++t) {
    ASSERT_TRUE(env_->draw(drawing));
    ASSERT_EQ(drawing.units.size(), first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      const env::DrawnUnit& unit = drawing.units[i];
      EXPECT_TRUE(lies_within(unit.x, drawing.x_min, drawing.width)) << unit.x;
      EXPECT_TRUE(lies_within(unit.y, drawing.y_min, drawing.height)) << unit.y;
      EXPECT_EQ(unit.agent, first[i].agent);
      EXPECT_EQ(unit.team, first[i].team);
      EXPECT_LT(unit.agent, spec_.n_agents);
    }
    if (env_->has_ended()) break;
    random_step(*env_, 0, t);
  }
}

TEST_P(EveryEnv, NamesEveryAction) {
  test::reset(*env_, 0);
  for (int agent = 0; agent < spec_.n_agents; ++agent) {
    for (env::Action action = 0; action < spec_.n_actions; ++action) {
      EXPECT_FALSE(env_->action_name(agent, action).empty()) << action;
    }
  }
}

// Of a world of particles: any finite number may stand there.
bool holds_real_numbers(const std::string& family, const std::string& array) {
  return family == "mpe" && array != "step" && array != "goal";
}

TEST_P(EveryEnv, RestoreRefusesADamagedSnapshotAndNamesTheArray) {
  test::reset(*env_, 0);
  const env::Snapshot good = env_->snapshot();
  for (std::size_t i = 0; i < good.size(); ++i) {
    const auto refuses = [&](env::Snapshot damaged) {
      const std::string text = error_text([&] { env_->restore(damaged); });
      EXPECT_NE(text.find(good[i].first), std::string::npos) << text;
    };
    env::Snapshot damaged = good;
    damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(i));
    refuses(damaged);
    damaged = good;
    damaged[i].second.push_back(0);
    refuses(damaged);
    if (holds_real_numbers(GetParam().family, good[i].first)) {
      damaged = good;
      damaged[i].second.back() = std::numeric_limits<double>::quiet_NaN();
      refuses(damaged);
      continue;
    }
    // -1 is nobody, or no action yet, in some arrays
    for (const double wrong : {-2.0, 0.5, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
      damaged = good;
      damaged[i].second.back() = wrong;
      refuses(damaged);
    }
  }
  env_->restore(good);
  EXPECT_EQ(env_->snapshot(), good);
}

using EveryEnvDeathTest = EveryEnv;

TEST_P(EveryEnvDeathTest, AnUnknownActionOrAStepAfterTheEndAborts) {
  testing::FLAGS_gtest_death_test_style = "fast";
  const auto n_agents = View::size(spec_.n_agents);
  test::reset(*env_, 0);
  for (const env::Action wrong : {-1, spec_.n_actions}) {
    const std::vector<env::Action> joint_action(n_agents, wrong);
    test::StepChance chance(0, 0);
    EXPECT_DEATH(env_->step(joint_action, chance.rules), "check failed");
  }
  for (int t = 0; !env_->has_ended(); ++t) random_step(*env_, 0, t);
  EXPECT_DEATH(random_step(*env_, 0, 1), "check failed");
}

TEST_P(EveryEnv, RefusesAnUnknownKeyByName) {
  const config::Map args = {{"no_such_key", {std::int64_t{1}, "command line"}}};
  const std::string text = error_text([&] { env::family(GetParam().family).make(args); });
  EXPECT_NE(text.find("env_args.no_such_key (command line)"), std::string::npos) << text;
  EXPECT_NE(text.find("environment " + GetParam().family), std::string::npos) << text;
}

TEST_P(EveryEnv, ListsMapNameAmongItsOptions) {
  const auto options = env::family(GetParam().family).options();
  ASSERT_FALSE(options.empty());
  EXPECT_EQ(options[0].key, "env_args.map_name");
  for (const config::OptionInfo& option : options) EXPECT_FALSE(option.help.empty()) << option.key;
}

INSTANTIATE_TEST_SUITE_P(Envs, EveryEnv, testing::ValuesIn(test::every_env()), test::env_case_name);
INSTANTIATE_TEST_SUITE_P(Envs, EveryEnvDeathTest, testing::ValuesIn(test::every_env()),
                         test::env_case_name);

// Golden: tests/golden/envs/<name>.trace, made with QTOT_GOLDEN_UPDATE=1 and read by a person in
// the diff. A change of rules is a change of this file in the same commit.
class GoldenPlaythrough : public testing::TestWithParam<std::string> {};

TEST_P(GoldenPlaythrough, IsWhatTheEnvironmentPlays) {
  constexpr int kSeed = 23;  // both hunts make a capture
  constexpr int kSteps = 40;
  const std::string& name = GetParam();
  const std::string path = QTOT_SOURCE_DIR "/tests/golden/envs/" + name + ".trace";
  const std::string command = "qtot env play " + name + " --seed=" + std::to_string(kSeed) +
                              " --steps=" + std::to_string(kSteps);
  const std::string played = env::playthrough(*env::make_named(name), command, kSeed, kSteps);
  if (std::getenv("QTOT_GOLDEN_UPDATE") != nullptr) std::ofstream(path) << played;

  std::ifstream file(path);
  ASSERT_TRUE(file) << path << " is missing; QTOT_GOLDEN_UPDATE=1 writes it";
  std::stringstream golden;
  golden << file.rdbuf();

  // line by line, so that the first step that differs is named
  std::istringstream want(golden.str()), got(played);
  for (int n = 1; want && got; ++n) {
    std::string w, g;
    std::getline(want, w);
    std::getline(got, g);
    ASSERT_EQ(w, g) << path << ":" << n;
  }
  EXPECT_EQ(golden.str(), played);
}

std::vector<std::string> golden_names() {
  std::vector<std::string> names = {"stag_hunt_small"};
  for (const env::EnvFamily& family : env::families()) names.push_back(family.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Envs, GoldenPlaythrough, testing::ValuesIn(golden_names()),
                         [](const auto& p) { return p.param; });

}  // namespace
}  // namespace qtot
