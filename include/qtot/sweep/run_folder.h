#pragma once

#include <filesystem>

#include "qtot/config/training_keys.h"

namespace qtot::sweep {

/// What a folder holds of a run of the sweep.
enum class FolderState {
  kNew,       // nothing yet
  kBegun,     // a configuration, so that the run can be resumed
  kFinished,  // its summary, too
};

/// Looks for the run with these training keys in `folder`; keys that are no training keys may differ.
/// Throws Error that names the first key in which the folder's own configuration differs, and for a
/// configuration that cannot be read.
FolderState state_of(const std::filesystem::path& folder, const config::KeyTexts& wanted);

}  // namespace qtot::sweep
