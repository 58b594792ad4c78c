#pragma once

#include <string>
#include <vector>

#include "env_check/trace_json.h"

namespace qtot::env {

/// `config` of a header of SMAClite, checked: sizes bounded, text of letters only.
struct SmacliteConfig {
  struct Squad {
    std::string unit;  // "spine_crawler"
    int count = 0;
  };
  struct Group {
    double x = 0, y = 0;
    bool is_enemy = false;
    std::vector<Squad> squads;
  };
  /// A unit at the start. Its index is its id: ids go by the groups in their order, whichever side.
  struct Start {
    bool is_enemy = false;
    int id_in_side = 0;
    std::string unit;
  };

  std::vector<Group> groups;
  double attack_x = 0, attack_y = 0;
  std::vector<std::string> terrain;  // 32 rows of 32, the row of the lowest y first
  int time_limit = 0;

  std::vector<Start> starts() const;
  /// In the format of envs/combat/maps.
  std::string map_text() const;
};

SmacliteConfig read_smaclite_config(const Json& config, const Place& place);

}  // namespace qtot::env
