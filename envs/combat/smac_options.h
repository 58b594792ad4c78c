#pragma once

#include "qtot/config/options.h"

namespace qtot::envs::combat {

/// The keys of SMAC's `env_args` (PyMARL's sc2.yaml) that combat has no choice about: each is accepted
/// at the value that says what combat does, so that such a file works as it stands, and refused at any
/// other. `game_version: null` is the one key that has to go: there is no game.
void add_smac_options(config::Options& o);

}  // namespace qtot::envs::combat
