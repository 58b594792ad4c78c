#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "envs/combat/unit_types.h"

/// The battles: who starts where, on which ground, for how long. docs/combat_maps.md has the format
/// of the files and says where each of ours comes from.
namespace qtot::envs::combat {

enum class Side : std::uint8_t { kAlly, kEnemy };

inline constexpr int kMapSize = 32;    // cells on each side
inline constexpr int kMaxUnits = 256;  // on both sides together

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

/// Where the units of a scenario start: see scenario.h.
enum class Positions : std::uint8_t { kSurround, kReflect, kSurroundAndReflect };

/// Teams and starts that are drawn anew for every episode, as in SMACv2 (Ellis et al., 2023).
struct Scenario {
  struct Choice {
    UnitKind kind;
    int weight = 0;            // its probability times the sum of all weights
    bool never_alone = false;  // no team has only such units; true of every healer
  };

  int n_allies = 0;
  int n_enemies = 0;
  std::vector<Choice> choices;  // each kind once; one of them may stand alone
  Positions positions = Positions::kSurroundAndReflect;
};

/// Whether a cell can be walked on: walkable[y][x], row 0 is the lowest.
using Terrain = std::array<std::array<bool, kMapSize>, kMapSize>;

struct CombatMap {
  std::string name;
  int episode_limit = 0;              // steps
  double attack_x = 0, attack_y = 0;  // where enemies go that see nobody
  std::vector<Group> groups;          // at least one of each side; none in a scenario
  std::optional<Scenario> scenario;
  Terrain walkable = {};
};

/// Each kind of unit that is on the map or, in a scenario, may be drawn.
std::set<UnitKind> kinds_of(const CombatMap& map);

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
