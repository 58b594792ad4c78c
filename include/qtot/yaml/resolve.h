#pragma once

#include <string>
#include <vector>

#include "qtot/config/training_config.h"

namespace qtot::yaml {

/// The configuration in force; see config::ReadConfig for the fields.
using Resolved = config::ReadConfig;

/// Layers, later ones win: defaults < environment < algorithm < command line.
///
/// `alg` and `env` are names of files below configs/algs and configs/envs ("pymarl2/qmix"), paths of
/// files that end with .yaml or .yml, or "" for no such layer. Names are looked for in the folder
/// that the environment variable QTOT_CONFIG_DIR names, in the source tree that qtot was built from,
/// and in the installed share/qtot/configs; the first that has the file wins.
///
/// Throws Error for an unknown name, with the known ones, and for what load_file(),
/// parse_assignments() and config::read_training_config() refuse.
Resolved resolve(const std::string& alg, const std::string& env,
                 const std::vector<std::string>& assignments);

/// The names that `alg` (kind "algs") or `env` (kind "envs") may have, sorted.
std::vector<std::string> known_configs(const std::string& kind);

}  // namespace qtot::yaml
