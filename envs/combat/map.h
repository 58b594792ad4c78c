#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "envs/combat/unit_types.h"

/// The battles: who starts where, on which ground, for how long. docs/combat_maps.md has the format
/// of the files and says where each of ours comes from.
namespace qtot::envs::combat {

enum class Side : std::uint8_t { kAlly, kEnemy };

inline constexpr int kMapSize = 32;  // cells on each side

struct Squad {
  UnitKind kind;
  int count = 0;
};

/// Units that start together.
struct Group {
  Side side;
  double x = 0, y = 0;        // centre, in cells from the lower left corner
  std::vector<Squad> squads;  // in the order of the file: units are numbered and placed in it
};

/// Whether a cell can be walked on: walkable[y][x], row 0 is the lowest.
using Terrain = std::array<std::array<bool, kMapSize>, kMapSize>;

struct CombatMap {
  std::string name;
  int episode_limit = 0;              // steps
  double attack_x = 0, attack_y = 0;  // where enemies go that see nobody
  std::vector<Group> groups;          // at least one of each side
  Terrain walkable = {};
};

/// The names of the maps that are built in, in natural order: 3m before 10m_vs_11m.
const std::vector<std::string>& map_names();

/// A map that is built in. Throws Error for another name.
CombatMap named_map(const std::string& name);

/// The map in a user's file; its name is the file's without `.map`. Throws Error naming file, line,
/// what was expected and what was found.
CombatMap read_map(const std::filesystem::path& path);

/// The map in `text`; `origin` stands in errors for the file.
CombatMap parse_map(std::string_view text, const std::string& name, const std::string& origin);

}  // namespace qtot::envs::combat
