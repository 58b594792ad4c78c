#include "qtot/train/learned_tables.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "qtot/agents/agent.h"
#include "qtot/base/check.h"

namespace qtot::train {
namespace {

using core::Action;
using math::Index;

// A game without chance never asks.
class NoChance final : public env::Chance {
 public:
  std::uint32_t choose(int, int, std::uint32_t) override { return refuse(); }
  bool happens(int, int, double) override { return refuse() != 0; }
  double uniform(int, int) override { return refuse(); }
  void shuffle(int, std::span<int>) override { refuse(); }

 private:
  static std::uint32_t refuse() {
    QTOT_CHECK(false && "a game with learned tables has no chance");
    return 0;
  }
};

// The joint actions that lead from the start to a situation.
using Path = std::vector<std::vector<Action>>;

class Walk {
 public:
  Walk(const learner::Learner<float>& learner, env::Env& env) : learner_(learner), env_(env) {
    const core::DecPomdpSpec& spec = env.spec();
    QTOT_CHECK_EQ(spec.n_agents, 2);
    obs_.resize(static_cast<std::size_t>(2 * spec.obs_dim));
    state_.resize(static_cast<std::size_t>(spec.state_dim));
    avail_.resize(static_cast<std::size_t>(2 * spec.n_actions));
  }

  std::vector<LearnedTable> tables() {
    visit({});
    return tables_;
  }

 private:
  // Depth first; games are at most two steps deep.
  void visit(const Path& path) {
    const std::vector<float> utilities = play(path);
    if (std::ranges::find(seen_, state_) != seen_.end()) return;
    seen_.push_back(state_);
    tables_.push_back({.situation = env_.text(), .q_tot = tabulate(utilities)});

    const int n_actions = env_.spec().n_actions;
    for (Action row = 0; row < n_actions; ++row) {
      for (Action column = 0; column < n_actions; ++column) {
        Path next = path;
        next.push_back({row, column});
        if (!ends(next)) visit(next);
      }
    }
  }

  bool ends(const Path& path) {
    env_.reset(chance_);
    env::StepResult result;
    for (const std::vector<Action>& joint : path) result = env_.step(joint, chance_);
    return result.terminated || result.truncated;
  }

  // Utilities [2, A] where the path leads; obs_, state_ and hidden_ belong to it.
  std::vector<float> play(const Path& path) {
    const agents::Agent<float>& agent = *learner_.network().agent;
    const Index n_one_hots = agents::n_one_hots(agent.config());
    std::vector<std::int32_t> columns(static_cast<std::size_t>(2 * n_one_hots));
    std::vector<float> utilities(static_cast<std::size_t>(2 * agent.n_actions()));
    std::vector<float> hidden(static_cast<std::size_t>(2 * agent.hidden_dim()), 0.0F);
    env_.reset(chance_);
    for (std::size_t slot = 0; slot <= path.size(); ++slot) {
      if (slot > 0) env_.step(path[slot - 1], chance_);
      env_.observe(obs_, state_, avail_);
      const auto last =
          slot > 0 ? std::span<const Action>(path[slot - 1]) : std::span<const Action>();
      agents::write_one_hots(agent.config(), last, columns);
      const agents::Inputs<float> inputs = {
          .obs = math::view(std::as_const(obs_).data(), 2, env_.spec().obs_dim),
          .one_hots = {.columns = columns.data(), .rows = 2, .per_row = n_one_hots}};
      workspace_.reset();
      agent.forward(learner_.weights(), inputs, 2, hidden.empty() ? nullptr : hidden.data(),
                    workspace_, agent_tape_, math::view(utilities.data(), 2, agent.n_actions()));
      const auto after = agent.final_hidden(agent_tape_, 2);
      std::copy_n(after.data(), after.size(), hidden.data());
      const auto seen = agent.hidden(agent_tape_, 2);
      hidden_.assign(seen.data(), seen.data() + seen.size());
    }
    return utilities;
  }

  // Of agent n in the situation that avail_ is of; of its action 0 where none is available.
  float best_available(const std::vector<float>& utilities, std::size_t n) const {
    const auto n_actions = static_cast<std::size_t>(env_.spec().n_actions);
    const std::size_t first = n * n_actions;
    std::size_t best = first;
    for (std::size_t i = first + 1; i < first + n_actions; ++i) {
      const bool is_better = avail_[best] == 0 || utilities[i] > utilities[best];
      if (avail_[i] != 0 && is_better) best = i;
    }
    return utilities[best];
  }

  std::vector<std::vector<double>> tabulate(const std::vector<float>& utilities) {
    const auto n_actions = static_cast<std::size_t>(env_.spec().n_actions);
    std::vector<std::vector<double>> table(n_actions, std::vector<double>(n_actions));
    for (std::size_t row = 0; row < n_actions; ++row) {
      for (std::size_t column = 0; column < n_actions; ++column) {
        workspace_.reset();
        table[row][column] = learner_.network().joint != nullptr
                                 ? joint_value(row, column)
                                 : mixed_value(utilities, row, column);
      }
    }
    return table;
  }

  double mixed_value(const std::vector<float>& utilities, std::size_t row, std::size_t column) {
    const auto n_actions = static_cast<std::size_t>(env_.spec().n_actions);
    const mixers::Mixer<float>& mixer = *learner_.network().mixer;
    const float chosen[2] = {utilities[row], utilities[n_actions + column]};
    const float best_qs[2] = {best_available(utilities, 0), best_available(utilities, 1)};
    const std::int32_t columns[2] = {static_cast<std::int32_t>(row),
                                     static_cast<std::int32_t>(n_actions + column)};
    const mixers::MixerInputs<float> mixed = {
        .agent_qs = math::view(static_cast<const float*>(chosen), 1, 2),
        .state = state(),
        .best_qs = math::view(static_cast<const float*>(best_qs), 1, 2),
        .joint_action = {
            .columns = static_cast<const std::int32_t*>(columns), .rows = 1, .per_row = 2}};
    float q_tot[2] = {0, 0};
    mixers::Tape<float> tape;
    mixer.forward(learner_.weights(), mixed, workspace_, tape,
                  math::view(static_cast<float*>(q_tot), 1, mixer.n_outputs()));
    // independent learners have no joint value: the sum of their own is what they pursue
    return static_cast<double>(q_tot[0]) + static_cast<double>(q_tot[1]);
  }

  // Q_jt of QTRAN; where each agent has one of its own, agent 0's, of whose actions it has a column each.
  double joint_value(std::size_t row, std::size_t column) {
    const mixers::JointValue<float>& joint = *learner_.network().joint;
    const float actions[2] = {static_cast<float>(row), static_cast<float>(column)};
    const nn::Buffer<float> q = workspace_.take(1, joint.n_values());
    mixers::JointTape<float> tape;
    joint.forward(learner_.weights(),
                  {.state = state(),
                   .hidden = math::view(std::as_const(hidden_).data(), 2,
                                        static_cast<Index>(hidden_.size()) / 2),
                   .actions = math::view(static_cast<const float*>(actions), 1, 2)},
                  workspace_, tape, q.view());
    return static_cast<double>(q.data[joint.n_outputs() == 1 ? 0 : row]);
  }

  math::ConstMatView<float> state() const {
    return math::view(state_.data(), 1, static_cast<Index>(state_.size()));
  }

  const learner::Learner<float>& learner_;
  env::Env& env_;
  NoChance chance_;
  nn::Workspace<float> workspace_;
  agents::Tape<float> agent_tape_;
  std::vector<float> obs_;
  std::vector<float> state_;
  std::vector<float> hidden_;  // [2, H]  what joint networks read
  std::vector<std::uint8_t> avail_;
  std::vector<std::vector<float>> seen_;
  std::vector<LearnedTable> tables_;
};

}  // namespace

bool has_learned_tables(const std::string& env) {
  return env == "matrix_game" || env == "two_step";
}

std::vector<LearnedTable> learned_tables(const learner::Learner<float>& learner, env::Env& env) {
  return Walk(learner, env).tables();
}

}  // namespace qtot::train
