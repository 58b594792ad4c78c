#pragma once

#include <string>

#include "qtot/config/options.h"

namespace qtot::bridge {

/// The env_args of the family "python".
struct PythonOptions {
  std::string map_name;
  std::string adapter = "auto";
  std::string entry;
  config::Map kwargs;
  int episode_limit = 0;
  std::string python = "python3";
  std::string path;
  double timeout = 120;

  void options(config::Options& o);

  /// What kOpen tells the host script, as JSON. Throws Error for numbers in kwargs that are not
  /// finite, and for more than 1 MiB.
  std::string open_request() const;
};

}  // namespace qtot::bridge
