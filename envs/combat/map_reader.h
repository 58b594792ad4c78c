#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "envs/combat/map.h"

namespace qtot::envs::combat {

/// Reads one file of a map or a terrain (docs/combat_maps.md). Nothing in it is trusted: every number has its bounds,
/// and what does not fit is an Error "file:line: expected ..., found ...".
class MapReader {
 public:
  MapReader(std::string_view text, std::string origin);

  CombatMap read(const std::string& name);

  /// The rows of a terrain, the upper one first.
  Terrain read_rows();

 private:
  struct Line {
    int number = 0;
    std::string_view text;  // without comment and surrounding blanks, never empty
  };

  [[noreturn]] void fail(const Line& line, const std::string& expected) const;
  [[noreturn]] void fail_whole(const std::string& what) const;

  void read_line(const Line& line, CombatMap& map);
  void read_limit(const Line& line, CombatMap& map);
  void read_attack_point(const Line& line, CombatMap& map);
  void read_group(const Line& line, CombatMap& map);
  Squad read_squad(const Line& line, std::string_view text);
  void read_terrain(const Line& line, CombatMap& map);
  void read_team(const Line& line, CombatMap& map);
  Scenario::Choice read_choice(const Line& line, std::string_view text) const;
  void read_never_alone(const Line& line);
  void read_positions(const Line& line);
  UnitKind read_kind(const Line& line, std::string_view word) const;
  double read_coordinate(const Line& line, std::string_view word, const std::string& form) const;

  void check_whole(const CombatMap& map) const;
  void check_groups(const CombatMap& map) const;
  void finish_scenario(CombatMap& map) const;
  void check_starts(const CombatMap& map) const;

  std::string origin_;
  std::vector<Line> lines_;
  std::size_t next_ = 0;  // line
  int n_units_ = 0;
  bool has_limit_ = false;
  bool has_attack_point_ = false;
  bool has_terrain_ = false;
  std::vector<Line> group_lines_;
  std::optional<Line> team_line_;
  std::optional<Positions> positions_;
  std::vector<std::pair<Line, UnitKind>> never_alone_;
};

}  // namespace qtot::envs::combat
