#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qtot/config/value.h"

/// What the golden fingerprints are taken of. Every case is a configuration in the keys of a training
/// run, so that the command line can ask for the same one.
namespace qtot::golden {

/// One configuration, complete but for t_max.
struct Case {
  std::string name;
  config::Map keys;
};

/// Updates after which a training run is fingerprinted, so that a slow machine can check a beginning.
inline constexpr std::int64_t kTrainingUpdates[] = {1, 10, 100, 300};
/// Episodes of random play that a playing case is fingerprinted after.
inline constexpr std::int64_t kPlayedEpisodes = 3;
/// Updates that a learner case makes on its recorded batch before it is fingerprinted.
inline constexpr std::int64_t kLearnerUpdates = 3;

/// Whole training runs, "train-<mixer>-<env>-pipeline<0|1>": {qmix, vdn, iql} x {stag_hunt, two_step} and
/// {qmix, vdn} x combat, and "train-tricks-...": qmix with priorities, two updates a round, RAdam, ... .
/// 6 x 6 stag hunt of 4 agents and 4 stags, 20 steps; batches of 8; layers of odd widths, and rounds of
/// 3 episodes, so that tiles, trees of sums and the ring have ragged edges.
std::vector<Case> training_cases();

/// Environments alone, "play-<map>": every map of every family, combat by both of its rules.
std::vector<Case> playing_cases();

/// Learners, "learner-<what>": every mixer with its options, every agent, every switch of the learner,
/// once small and once wider than any block of the products.
std::vector<Case> learner_cases();

/// The words that give this configuration to `qtot train ... with`, one key=value each; training keys
/// only.
std::vector<std::string> words(const Case& golden_case);

}  // namespace qtot::golden
