#include "envs/combat/map.h"

#include "envs/combat/map_files.h"
#include "envs/combat/map_reader.h"
#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/base/printable.h"
#include "qtot/config/value.h"

namespace qtot::envs::combat {
namespace {

constexpr std::uint64_t kMaxFileBytes = 65536;

}  // namespace

std::set<UnitKind> kinds_of(const CombatMap& map) {
  std::set<UnitKind> kinds;
  if (map.scenario) {
    for (const Scenario::Choice& choice : map.scenario->choices) kinds.insert(choice.kind);
  }
  for (const Group& group : map.groups) {
    for (const Squad& squad : group.squads) kinds.insert(squad.kind);
  }
  return kinds;
}

const std::vector<std::string>& map_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const TextFile& file : map_files()) list.emplace_back(file.name);
    return list;
  }();
  return names;
}

CombatMap named_map(const std::string& name) {
  for (const TextFile& file : map_files()) {
    if (file.name == name) return parse_map(file.text, name, "envs/combat/maps/" + name + ".map");
  }
  const std::string near = config::nearest(name, map_names());
  std::string known;
  for (const std::string& map : map_names()) known += " " + map;
  throw Error("combat map \"" + printable(name) + "\": no such map; " +
              (near.empty() ? "" : "did you mean " + near + "? ") + "known:" + known);
}

CombatMap read_map(const std::filesystem::path& path) {
  return parse_map(read_file(path, kMaxFileBytes), path.stem().string(), path.string());
}

CombatMap parse_map(std::string_view text, const std::string& name, const std::string& origin) {
  return MapReader(text, origin).read(name);
}

}  // namespace qtot::envs::combat
