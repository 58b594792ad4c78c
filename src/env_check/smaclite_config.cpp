#include "env_check/smaclite_config.h"

#include <algorithm>

#include "env_check/comparison.h"
#include "env_check/smaclite.h"

namespace qtot::env {
namespace {

constexpr int kMapSize = 32;
constexpr std::size_t kMaxGroups = 64;
constexpr std::size_t kMaxSquads = 16;
constexpr std::size_t kMaxUnits = 512;
constexpr std::size_t kMaxName = 32;
constexpr int kMaxLimit = 1000000;

const Json& need_list(const Json& value, const std::string& what, std::size_t most,
                      const Place& place) {
  if (!value.is_array() || value.empty() || value.size() > most) {
    place.fail(what + ": expected a list of 1 to " + std::to_string(most));
  }
  return value;
}

double read_coordinate(const Json& value, const std::string& what, const Place& place) {
  const double x = read_number(value, what, place);
  if (!(x >= 0 && x <= kMapSize)) place.fail(what + ": expected a number in [0, 32]");
  return x;
}

// Names go into the text of a map.
std::string read_name(const Json& value, const std::string& what, const Place& place) {
  const std::string name = value.is_string() ? value.get<std::string>() : "";
  const bool is_plain = std::all_of(name.begin(), name.end(),
                                    [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  if (name.empty() || name.size() > kMaxName || !is_plain) {
    place.fail(what + ": expected a name of small letters");
  }
  return name;
}

// [x, y, "ALLY" or "ENEMY", [[name, count], ...]]
SmacliteConfig::Group read_group(const Json& row, const Place& place) {
  const std::string what = "config.groups";
  if (!row.is_array() || row.size() != 4) place.fail(what + ": expected [x, y, side, units]");
  if (row[2] != "ALLY" && row[2] != "ENEMY") place.fail(what + ": the side is ALLY or ENEMY");
  SmacliteConfig::Group group = {.x = read_coordinate(row[0], what, place),
                                 .y = read_coordinate(row[1], what, place),
                                 .is_enemy = row[2] == "ENEMY",
                                 .squads = {}};
  for (const Json& squad : need_list(row[3], what, kMaxSquads, place)) {
    if (!squad.is_array() || squad.size() != 2) place.fail(what + ": expected [unit, count]");
    group.squads.push_back({read_name(squad[0], what, place),
                            read_integer(squad[1], what, 1, static_cast<int>(kMaxUnits), place)});
  }
  return group;
}

std::vector<std::string> read_terrain(const Json& rows, const Place& place) {
  constexpr auto kSide = static_cast<std::size_t>(kMapSize);
  std::vector<std::string> terrain;
  if (rows.is_array()) {
    for (const Json& row : rows) {
      terrain.push_back(row.is_string() ? row.get<std::string>() : "");
    }
  }
  const bool fits =
      terrain.size() == kSide &&
      std::all_of(terrain.begin(), terrain.end(), [](const std::string& row) {
        return row.size() == kSide && row.find_first_not_of("_X") == std::string::npos;
      });
  if (!fits) place.fail("config.terrain_rows_y0_first: expected 32 rows of 32 characters _ or X");
  return terrain;
}

}  // namespace

std::vector<SmacliteConfig::Start> SmacliteConfig::starts() const {
  std::vector<Start> starts;
  int n_allies = 0, n_enemies = 0;
  for (const Group& group : groups) {
    for (const Squad& squad : group.squads) {
      for (int i = 0; i < squad.count; ++i) {
        int& n = group.is_enemy ? n_enemies : n_allies;
        starts.push_back({group.is_enemy, n++, squad.unit});
      }
    }
  }
  return starts;
}

std::string SmacliteConfig::map_text() const {
  std::string text = "limit " + std::to_string(time_limit) + "\n";
  text += "attack_point " + number_text(attack_x) + " " + number_text(attack_y) + "\n";
  for (const Group& group : groups) {
    text += group.is_enemy ? "enemy " : "ally ";
    text += number_text(group.x) + " " + number_text(group.y) + ":";
    const char* separator = " ";
    for (const Squad& squad : group.squads) {
      text += separator + std::to_string(squad.count) + " " + squad.unit;
      separator = ", ";
    }
    text += "\n";
  }
  text += "terrain\n";
  for (auto row = terrain.rbegin(); row != terrain.rend(); ++row) text += *row + "\n";
  return text;
}

SmacliteConfig read_smaclite_config(const Json& config, const Place& place) {
  for (const char* key : {"width", "height"}) must_equal(config, key, kMapSize, place);
  must_equal(config, "plane_order", Json::parse(R"(["GROUND","COLOSSUS","AIR"])"), place);
  SmacliteConfig out;
  for (const Json& row :
       need_list(need(config, "groups", place), "config.groups", kMaxGroups, place)) {
    out.groups.push_back(read_group(row, place));
  }
  std::size_t n_units = 0;
  for (const auto& group : out.groups) {
    for (const auto& squad : group.squads) n_units += static_cast<std::size_t>(squad.count);
  }
  if (n_units > kMaxUnits) place.fail("config.groups: expected at most 512 units");
  const Json& point = need(config, "attack_point", place);
  if (!point.is_array() || point.size() != 2) place.fail("config.attack_point: expected [x, y]");
  out.attack_x = read_coordinate(point[0], "config.attack_point", place);
  out.attack_y = read_coordinate(point[1], "config.attack_point", place);
  out.terrain = read_terrain(need(config, "terrain_rows_y0_first", place), place);
  out.time_limit =
      read_integer(need(config, "time_limit", place), "config.time_limit", 1, kMaxLimit, place);
  return out;
}

config::Map smaclite_args(const Json& config, const Place& place) {
  const SmacliteConfig checked = read_smaclite_config(config, place);
  check_smaclite_units(need(config, "units", place), place);
  return {{"map_text", {checked.map_text(), place.text()}},
          {"rules", {std::string("compat"), place.text()}}};
}

}  // namespace qtot::env
