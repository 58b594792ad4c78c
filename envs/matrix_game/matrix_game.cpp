// One-step and repeated matrix games: two agents, one payoff matrix, one reward for the team. They
// are the smallest games that tell value factorisations apart: the optimum of most of them is
// surrounded by punishment, so that an additive (VDN) or monotonic (QMIX) fit avoids it.
//
//   row = action of agent 0, column = action of agent 1; every action is always available; no chance
//
// With episode_limit 1 the game ends by its rules; a longer one repeats it until the time limit.
// What the agents see carries no information in any of the peers, but it has a shape:
//
//   step     one-hot of the number of plays so far, episode_limit + 1 wide     (PyMARL2)
//   ones     five ones                                                         (WQMIX)
//   counter  the number of plays so far                                        (QPLEX)
//   zeros    two zeros an agent; the state is both, one after the other        (matrix-games)
//   last     the last joint action, one-hot, at the start that of action 0;     (matrix-games)
//            each agent sees all of it, and the state is a copy an agent
//
// matrix-games names its repeated games <game>-nostate (zeros) and <game>-laststate (last). They last
// 1000 plays there, and 25 in EPyMARL, which is the default here.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::matrix_game {
namespace {

using Payoff = std::vector<std::vector<double>>;  // [A, A]

struct NamedPayoff {
  std::string name;
  Payoff payoff;
};

std::vector<NamedPayoff> make_named_payoffs() {
  const Payoff pymarl2 = {{12, -0.1, -0.1}, {-0.1, 0, 0}, {-0.1, 0, 0}};
  const Payoff qtran = {{8, -12, -12}, {-12, 0, 0}, {-12, 0, 0}};
  const Payoff qplex3 = {{8, -12, -12}, {-12, 6, 0}, {-12, 0, 6}};
  std::vector<NamedPayoff> named = {
      {"pymarl2", pymarl2},
      {"qtran", qtran},    // Son et al. (2019), table 1; also Rashid et al. (2020) and QPLEX
      {"qplex3", qplex3},  // Wang et al. (2021)
      {"qplex1", {{10.4, 0, 10}, {0, 10, 10}, {10, 10, 10}}},
      {"A", qtran},
      {"B", qplex3},
      {"C", pymarl2},
      {"C2", {{12, -12, -12}, {-12, 0, 0}, {-12, 0, 0}}},
      {"C3", {{12, 0, 10}, {0, 0, 10}, {10, 10, 10}}},           // Rashid et al. (2020)
      {"climbing", {{11, -30, 0}, {-30, 7, 6}, {0, 0, 5}}},      // Claus & Boutilier (1998)
      {"climbing_uoe", {{11, -30, 0}, {-30, 7, 0}, {0, 6, 5}}},  // its transpose, in matrix-games
  };
  for (const int k : {0, 25, 50, 75, 100}) {
    const double fine = -k;
    const std::string name = "penalty_" + std::to_string(k);
    named.push_back({name, {{fine, 0, 10}, {0, 2, 0}, {10, 0, fine}}});  // matrix-games
    named.push_back({name + "_mirrored", {{10, 0, fine}, {0, 2, 0}, {fine, 0, 10}}});  // 1998
  }
  return named;
}

const std::vector<NamedPayoff>& named_payoffs() {
  static const std::vector<NamedPayoff> named = make_named_payoffs();
  return named;
}

// A game of matrix-games by its name there.
struct RepeatedGame {
  std::string name;
  std::string payoff;  // our name
  std::string observation;
};

std::vector<RepeatedGame> make_repeated_games() {
  std::vector<RepeatedGame> games;
  const auto add = [&games](const std::string& name, const std::string& payoff) {
    games.push_back({name + "-nostate", payoff, "zeros"});
    games.push_back({name + "-laststate", payoff, "last"});
  };
  for (const int k : {0, 25, 50, 75, 100}) {
    add("penalty-" + std::to_string(k), "penalty_" + std::to_string(k));
  }
  add("climbing", "climbing_uoe");
  return games;
}

const std::vector<RepeatedGame>& repeated_games() {
  static const std::vector<RepeatedGame> games = make_repeated_games();
  return games;
}

std::vector<std::string> maps() {
  std::vector<std::string> names;
  for (const NamedPayoff& entry : named_payoffs()) names.push_back(entry.name);
  for (const RepeatedGame& game : repeated_games()) names.push_back(game.name);
  return names;
}

config::Rule<Payoff> square_payoff() {
  constexpr std::size_t kMaxActions = 64;
  constexpr double kMaxReward = 1e30;  // well inside float
  return {[](const Payoff& payoff) {
            if (payoff.size() > kMaxActions) return false;
            for (const std::vector<double>& row : payoff) {
              if (row.size() != payoff.size()) return false;
              for (const double r : row) {
                if (!(std::abs(r) <= kMaxReward)) return false;
              }
            }
            return true;
          },
          "square, with at most 64 rows of numbers within 1e30"};
}

struct MatrixGameOptions {
  std::string map_name = "pymarl2";
  Payoff payoff;
  std::string observation = "step";
  int episode_limit = 1;

  void options(config::Options& o) {
    o.add("map_name", map_name, "name of a payoff matrix, or of a repeated game",
          config::one_of(maps()));
    o.add("payoff", payoff, "a matrix of one's own instead: rows of agent 0", square_payoff());
    o.add("observation", observation, "what the agents see: the shapes of four peers",
          config::one_of({"step", "ones", "counter", "zeros", "last"}));
    o.add("episode_limit", episode_limit,
          "plays in an episode; 1 ends by the rules, more are cut by the time limit",
          config::between(1, 1000));
  }
};

class MatrixGame final : public env::Env {
 public:
  explicit MatrixGame(const MatrixGameOptions& options) : observation_(options.observation) {
    const auto n_actions = options.payoff.size();
    for (const std::vector<double>& row : options.payoff) {
      for (const double r : row) payoff_.push_back(static_cast<float>(r));
    }
    int obs_dim = options.episode_limit + 1;
    if (observation_ == "ones") obs_dim = 5;
    if (observation_ == "counter") obs_dim = 1;
    if (observation_ == "zeros") obs_dim = 2;
    if (observation_ == "last") obs_dim = 2 * static_cast<int>(n_actions);
    const bool state_is_joined = observation_ == "zeros" || observation_ == "last";
    spec_ = {.n_agents = 2,
             .n_actions = static_cast<int>(n_actions),
             .obs_dim = obs_dim,
             .state_dim = state_is_joined ? 2 * obs_dim : obs_dim,
             .episode_limit = options.episode_limit};
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance&) override {
    n_played_ = 0;
    last_actions_ = {0, 0};
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance&) override {
    QTOT_CHECK_EQ(joint_action.size(), std::size_t{2});
    QTOT_CHECK(!has_ended());
    for (const env::Action action : joint_action) {
      QTOT_CHECK_GE(action, 0);
      QTOT_CHECK_LT(action, spec_.n_actions);
    }
    ++n_played_;
    std::copy(joint_action.begin(), joint_action.end(), last_actions_.begin());
    const bool is_last = has_ended();
    const int cell = joint_action[0] * spec_.n_actions + joint_action[1];
    return {.reward = payoff_[static_cast<std::size_t>(cell)],
            .terminated = is_last && spec_.episode_limit == 1,
            .truncated = is_last && spec_.episode_limit > 1};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    QTOT_CHECK_EQ(obs.size(), static_cast<std::size_t>(2 * spec_.obs_dim));
    QTOT_CHECK_EQ(state.size(), static_cast<std::size_t>(spec_.state_dim));
    QTOT_CHECK_EQ(avail.size(), static_cast<std::size_t>(2 * spec_.n_actions));
    std::fill(avail.begin(), avail.end(), std::uint8_t{1});
    std::fill(state.begin(), state.end(), observation_ == "ones" ? 1.0F : 0.0F);
    if (observation_ == "step") state[static_cast<std::size_t>(n_played_)] = 1;
    if (observation_ == "counter") state[0] = static_cast<float>(n_played_);
    if (observation_ == "last") mark_last_actions(state);

    const std::span<const float> seen = state.first(static_cast<std::size_t>(spec_.obs_dim));
    std::copy(seen.begin(), seen.end(), obs.begin());
    std::copy(seen.begin(), seen.end(), obs.begin() + spec_.obs_dim);
  }

  bool has_ended() const override { return n_played_ == spec_.episode_limit; }

  // The last actions belong to the state only where somebody sees them.
  env::Snapshot snapshot() const override {
    env::Snapshot out = {{"step", {static_cast<double>(n_played_)}}};
    if (observation_ == "last") {
      out.push_back({"last_actions", {last_actions_.begin(), last_actions_.end()}});
    }
    return out;
  }

  void restore(const env::Snapshot& snapshot) override {
    const int n_played = env::snapshot_integer(snapshot, "step", 0, spec_.episode_limit);
    if (observation_ == "last") {
      const auto actions =
          env::snapshot_integers(snapshot, "last_actions", 2, 0, spec_.n_actions - 1);
      std::copy(actions.begin(), actions.end(), last_actions_.begin());
    }
    n_played_ = n_played;
  }

  std::string text() const override { return "played " + std::to_string(n_played_); }

 private:
  // One copy an agent; state [2 * 2 * A], zero before.
  void mark_last_actions(std::span<float> state) const {
    const auto n_actions = static_cast<std::size_t>(spec_.n_actions);
    for (std::size_t i = 0; i < 4; ++i) {
      state[i * n_actions + static_cast<std::size_t>(last_actions_[i % 2])] = 1;
    }
  }

  std::string observation_;
  env::DecPomdpSpec spec_;
  std::vector<float> payoff_;  // [A * A]
  int n_played_ = 0;
  std::array<env::Action, 2> last_actions_ = {0, 0};
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  constexpr int kPlaysOfEpymarl = 25;
  MatrixGameOptions options;
  std::string payoff_name;
  if (const config::Value* value = config::find(args, "map_name")) {
    const auto* name = std::get_if<std::string>(&value->data);
    for (const RepeatedGame& game : repeated_games()) {
      if (name == nullptr || *name != game.name) continue;
      options.observation = game.observation;
      options.episode_limit = kPlaysOfEpymarl;
      payoff_name = game.payoff;
    }
  }
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment matrix_game");
  if (options.payoff.empty()) {
    if (payoff_name.empty()) payoff_name = options.map_name;
    for (const NamedPayoff& entry : named_payoffs()) {
      if (entry.name == payoff_name) options.payoff = entry.payoff;
    }
  } else if (const config::Value* name = config::find(args, "map_name")) {
    throw Error("env_args.map_name = " + name->text() + " (" + name->origin +
                "): expected either map_name or payoff, found both");
  }
  return std::make_unique<MatrixGame>(options);
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  MatrixGameOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "matrix_game",
          .summary = "one-step and repeated matrix games of the papers, or a payoff of one's own",
          .make = make,
          .options = options,
          .maps = maps};
}

}  // namespace qtot::envs::matrix_game
