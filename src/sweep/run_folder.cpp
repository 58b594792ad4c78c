#include "qtot/sweep/run_folder.h"

#include "qtot/base/error.h"
#include "qtot/yaml/yaml.h"

namespace qtot::sweep {

namespace fs = std::filesystem;

FolderState state_of(const fs::path& folder, const config::KeyTexts& wanted) {
  const fs::path path = folder / "config.yaml";
  if (!fs::exists(path)) return FolderState::kNew;
  const config::ReadConfig found = config::read_training_config(yaml::load_file(path.string()));
  if (const auto difference = config::first_difference(config::training_keys(found), wanted)) {
    const std::string& key = difference->key;
    throw Error("run folder " + folder.string() + ": expected " + key + " = " + difference->in_b +
                ", as asked for, found " + key + " = " + difference->in_a +
                "; choose another --out, or remove that folder");
  }
  return fs::exists(folder / "summary.json") ? FolderState::kFinished : FolderState::kBegun;
}

}  // namespace qtot::sweep
