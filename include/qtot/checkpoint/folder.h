#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "qtot/checkpoint/state.h"

/// The folder `checkpoints/` of a run. Files are named by t_env: `000000012345.qtot` are written to
/// resume from and replaced by later ones; `000000012345_saved.qtot` are those of save_model and stay.
namespace qtot::checkpoint {

enum class Keep {
  kLastTwo,  // this one and the one before it
  kAlways,
};

/// Writes `state` into the folder, which is made if need be, and then removes what is older than the
/// last two of the first kind, and what killed writers left. Returns the path. Throws Error (kFailed).
std::filesystem::path save_in(const std::filesystem::path& folder, const State& state, Keep keep);

struct Newest {
  std::filesystem::path path;
  State state;
  std::vector<std::string> warnings;  // one sentence for each newer file that is damaged
};

/// The newest checkpoint that is whole; nothing when there is none at all (or no folder). Throws Error
/// when there are some and all are damaged, and when the newest is of another format version.
std::optional<Newest> load_newest(const std::filesystem::path& folder);

/// Removes checkpoints beyond t_env: a run that resumes there writes them again, and damaged ones
/// must not count among the last two. Throws Error (kFailed).
void remove_beyond(const std::filesystem::path& folder, std::int64_t t_env);

/// Removes all checkpoints, also those that stay, but the newest `n_kept`, and what killed writers left; a
/// folder that is then empty, too. For a run that is finished. Throws Error (kFailed).
void keep_only_newest(const std::filesystem::path& folder, std::size_t n_kept);

/// Whether there is any, damaged or not.
bool has_checkpoints(const std::filesystem::path& folder);

}  // namespace qtot::checkpoint
