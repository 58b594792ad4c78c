#pragma once

#include <string>

#include "learner/episode_pass.h"
#include "qtot/math/scalars.h"

namespace qtot::learner {

/// What the slots of an episode are to the agents: N rows a slot that share one hidden state each, or,
/// where the hidden state is forgotten, one slot of many rows.
struct Unroll {
  math::Index n_slots = 0;
  math::Index n_agents = 0;
  bool forgets = false;

  math::Index n_rows() const { return n_slots * n_agents; }
  math::Index rows_side_by_side() const { return forgets ? n_rows() : n_agents; }
  math::Index rows_with_gradient(math::Index n_steps) const {
    return forgets ? n_rows() : n_steps * n_agents;
  }
};

/// One episode on its way through the pass: what the agents say of it, and where the objective leaves
/// the gradients of that.
template <class T>
struct EpisodeWork {
  const EpisodeTask<T>* task = nullptr;
  Unroll unroll;
  agents::Inputs<T> inputs;             // n_slots * N rows
  nn::Buffer<T> utilities = {};         // [n_slots * N, A]
  nn::Buffer<T> target_utilities = {};  // [n_slots * N, A]
  nn::Buffer<T> d_utilities = {};       // [n_steps * N, A]  all zero before
  agents::Tape<T> tape = {};

  // with a central agent, whose target network then gives target_utilities
  nn::Buffer<T> central_utilities = {};    // [n_slots * N, A]
  nn::Buffer<T> d_central_utilities = {};  // [n_steps * N, A]  all zero before
  agents::Tape<T> central_tape = {};
  nn::Buffer<T> acting_target_utilities =
      {};  // [n_slots * N, A]  the target agent's, for a probe alone

  // with joint networks, which read hidden states
  nn::Buffer<T> d_hidden = {};  // [n_steps * N, H]  all zero before
  agents::Tape<T> target_tape = {};

  const EpisodePlan& plan() const { return *task->plan; }
};

/// What the learner minimises: from the utilities of an episode to its share of the loss, and back to
/// their gradients. Holds no numbers.
template <class T>
class Objective {
 public:
  virtual ~Objective() = default;

  /// Appends what it needs beside agent and mixer. Throws Error for parts that do not fit together.
  virtual void add_networks(const agents::AgentConfig& /*agent*/, const ObjectiveConfig& /*config*/,
                            Network<T>& /*network*/) const {}

  /// Fills the sums of the task, the gradients of every network but the agents', and the agents' d_...
  virtual void learn(const PassContext<T>& context, const EpisodeWork<T>& work,
                     nn::Workspace<T>& workspace) const = 0;
};

/// The objective of that name; throws Error where there is none.
template <class T>
const Objective<T>& objective_of(const std::string& name);

#define QTOT_OBJECTIVE(name, summary) \
  template <class T>                  \
  const Objective<T>& name##_objective();
#include "learner/objectives/objectives.def"
#undef QTOT_OBJECTIVE

}  // namespace qtot::learner
