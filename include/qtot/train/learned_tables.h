#pragma once

#include <string>
#include <vector>

#include "qtot/env/env.h"
#include "qtot/learner/learner.h"

namespace qtot::train {

/// Q_tot of every joint action of two agents in one situation of a game; of QTRAN Q_jt, of QTRAN-alt that of
/// agent 0.
struct LearnedTable {
  std::string situation;                   // what the environment says of it
  std::vector<std::vector<double>> q_tot;  // [A, A]: row = agent 0, column = agent 1
};

/// True for the games whose tables people look at: two agents, at most two steps, no chance.
bool has_learned_tables(const std::string& env);

/// Walks through the game from its start, joint actions in order, and tabulates every situation (each
/// different state once, by the first way that leads there).
std::vector<LearnedTable> learned_tables(const learner::Learner<float>& learner, env::Env& env);

}  // namespace qtot::train
