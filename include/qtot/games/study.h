#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qtot/config/training_config.h"
#include "qtot/games/answers.h"
#include "qtot/train/learned_tables.h"

namespace qtot::games {

/// How one algorithm is taught the games.
struct Pupil {
  std::string name;    // as it is asked for: "qmix"
  std::string config;  // its file below configs/algs
  Answers answers;     // on one-step games
  int n_updates = 0;
  std::vector<std::string> settings = {};  // further assignments: "n_kernel=10"
};

/// Every algorithm, in the order of the tables.
const std::vector<Pupil>& pupils();
/// Throws Error that lists the known ones when there is no such pupil.
const Pupil& pupil(const std::string& name);

/// What all pupils are given beside their own file: the game's data are uniform, so that nothing depends on
/// exploration or sampling.
const std::vector<std::string>& common_settings();

/// A game and what can be said of it without learning.
struct Game {
  std::string name;  // "A", or "two_step"
  std::string env;   // "matrix_game" | "two_step"
  Table payoff;      // of a one-step game; else empty
  double best_return = 0;
};
/// "two_step", or a map of matrix_game. Throws Error for anything else.
Game game(const std::string& name);

/// What was learnt.
struct Lesson {
  std::vector<train::LearnedTable> tables;  // Q_tot of every situation
  double greedy_return = 0;                 // of an episode without exploration
};

/// Teaches: `n_updates` updates, each on all sequences of joint actions at once. The step size falls to a
/// third, a tenth and a thirtieth of `lr` after each quarter, so that the end is a fixed point and not a
/// ripple around it.
Lesson teach(const config::TrainingConfig& config, int n_updates);

}  // namespace qtot::games
