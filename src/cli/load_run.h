#pragma once

#include <string>

#include "qtot/checkpoint/checkpoint.h"

namespace qtot::cli {

struct LoadedCheckpoint {
  std::string path;
  checkpoint::State state;
};

/// The newest checkpoint of a run folder, or the checkpoint file itself. Warnings go to stderr. Throws
/// Error when there is none.
LoadedCheckpoint load_run_or_checkpoint(const std::string& path);

}  // namespace qtot::cli
