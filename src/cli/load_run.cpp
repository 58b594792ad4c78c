#include "cli/load_run.h"

#include <filesystem>
#include <iostream>

#include "qtot/base/error.h"
#include "qtot/checkpoint/folder.h"

namespace qtot::cli {

LoadedCheckpoint load_run_or_checkpoint(const std::string& path) {
  namespace fs = std::filesystem;
  if (!fs::exists(path)) {
    throw Error(path + ": expected a run folder or a checkpoint file, found nothing there");
  }
  if (!fs::is_directory(path)) return {.path = path, .state = checkpoint::load(path)};
  const fs::path folder = fs::path(path) / "checkpoints";
  std::optional<checkpoint::Newest> newest = checkpoint::load_newest(folder);
  if (!newest) throw Error(folder.string() + ": expected a checkpoint, found none");
  for (const std::string& warning : newest->warnings) {
    std::cerr << "qtot: warning: " << warning << '\n';
  }
  return {.path = newest->path.string(), .state = std::move(newest->state)};
}

}  // namespace qtot::cli
