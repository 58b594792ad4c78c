#include "qtot/games/study.h"

#include <algorithm>
#include <array>
#include <memory>

#include "qtot/base/error.h"
#include "qtot/base/executor.h"
#include "qtot/env/env.h"
#include "qtot/games/all_sequences.h"
#include "qtot/learner/config.h"
#include "qtot/learner/learner.h"
#include "qtot/rollout/play.h"

namespace qtot::games {
namespace {

constexpr std::array kStages = {1.0, 1.0 / 3, 1.0 / 10, 1.0 / 30};  // of the step size

std::unique_ptr<env::Env> make_env(const config::TrainingConfig& config) {
  return env::family(config.env).make(config.env_args);
}

double greedy_return(const config::TrainingConfig& config, const learner::Learner<float>& learner) {
  rollout::Player player(make_env(config));
  core::Episode episode;
  const rollout::Policy policy{.agent = learner.network().agent.get(),
                               .weights = learner.weights()};
  return player.play(policy, rollout::evaluation_rules(1), 0, episode).episode_return;
}

double return_of(const core::Episode& episode) {
  double sum = 0;
  for (const float reward : episode.rewards()) sum += static_cast<double>(reward);
  return sum;
}

}  // namespace

const std::vector<Pupil>& pupils() {
  static const std::vector<Pupil> all = {
      {.name = "iql", .config = "iql", .answers = Answers::kIndependent, .n_updates = 3000},
      {.name = "vdn", .config = "vdn", .answers = Answers::kAdditive, .n_updates = 3000},
      {.name = "vdn_s", .config = "vdn_s", .answers = Answers::kAdditive, .n_updates = 3000},
      {.name = "qmix_lin", .config = "qmix_lin", .answers = Answers::kAdditive, .n_updates = 3000},
      {.name = "qmix", .config = "qmix", .answers = Answers::kMonotonic, .n_updates = 4000},
      {.name = "qmix_ns", .config = "qmix_ns", .answers = Answers::kMonotonic, .n_updates = 4000},
      {.name = "qatten",
       .config = "pymarl2/qatten",
       .answers = Answers::kAdditive,
       .n_updates = 4000},
      {.name = "cw_qmix", .config = "cw_qmix", .answers = Answers::kCentral, .n_updates = 3000},
      {.name = "ow_qmix", .config = "ow_qmix", .answers = Answers::kOptimistic, .n_updates = 3000},
      {.name = "qplex", .config = "qplex", .answers = Answers::kComplete, .n_updates = 40000},
      // qtran_paper's sum of encodings has local optima here
      {.name = "qtran",
       .config = "qtran",
       .answers = Answers::kComplete,
       .n_updates = 3000,
       .settings = {"qtran_arch=coma_critic"}},
      {.name = "qtran_alt",
       .config = "qtran_alt",
       .answers = Answers::kComplete,
       .n_updates = 8000},
  };
  return all;
}

const Pupil& pupil(const std::string& name) {
  const auto found = std::ranges::find(pupils(), name, &Pupil::name);
  if (found != pupils().end()) return *found;
  std::string known;
  for (const Pupil& one : pupils()) known += " " + one.name;
  throw Error(name + ": no such algorithm; known:" + known);
}

const std::vector<std::string>& common_settings() {
  static const std::vector<std::string> settings = {
      "agent=ff",    "rnn_hidden_dim=64", "obs_last_action=False",      "obs_agent_id=True",
      "lr=0.003",    "optimizer=adam",    "target_update_interval=20",  "gamma=0.99",
      "td_lambda=0", "loss_factor=1",     "target_update_unit=updates",
  };
  return settings;
}

Game game(const std::string& name) {
  const bool is_two_step = name == "two_step";
  Game game{.name = name, .env = is_two_step ? "two_step" : "matrix_game", .payoff = {}};
  const env::EnvFamily& family = env::family(game.env);
  const std::unique_ptr<env::Env> env =
      is_two_step ? family.make({}) : family.make({{"map_name", {name, "--games"}}});
  const AllSequences data(*env);
  for (const core::Episode* episode : data.batch()) {
    game.best_return = std::max(game.best_return, return_of(*episode));
  }
  if (is_two_step) return game;
  const auto n_actions = static_cast<std::size_t>(env->spec().n_actions);
  for (std::size_t i = 0; i < n_actions; ++i) {
    std::vector<double> row;
    for (std::size_t j = 0; j < n_actions; ++j) {
      row.push_back(return_of(*data.batch()[i * n_actions + j]));
    }
    game.payoff.push_back(row);
  }
  return game;
}

Lesson teach(const config::TrainingConfig& config, int n_updates) {
  const std::unique_ptr<env::Env> env = make_env(config);
  const AllSequences data(*env);
  SerialExecutor executor;
  std::unique_ptr<learner::Learner<float>> learner;
  std::int64_t n_done = 0;
  for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
    learner::LearnerConfig rule = learner::learner_config(config);
    rule.optimiser.lr = config.lr * kStages[stage];
    auto next = std::make_unique<learner::Learner<float>>(
        learner::make_network<float>(config, env->spec()), rule, config.seed, executor);
    if (learner) next->set_state(learner->state());
    learner = std::move(next);
    const auto end = static_cast<std::int64_t>(n_updates) * static_cast<std::int64_t>(stage + 1) /
                     static_cast<std::int64_t>(kStages.size());
    while (n_done < end) learner->update(data.batch(), ++n_done);
  }
  return {.tables = train::learned_tables(*learner, *env),
          .greedy_return = greedy_return(config, *learner)};
}

}  // namespace qtot::games
