#pragma once

#include <string>

#include "envs/rware/options.h"

namespace qtot::envs::rware {

/// Whether `name` has the form that read_options() describes; if so, sets what it stands for.
bool read_name(const std::string& name, RwareOptions& options);

}  // namespace qtot::envs::rware
