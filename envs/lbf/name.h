#pragma once

#include <optional>
#include <string>

namespace qtot::envs::lbf {

/// What a registered name of lb-foraging says.
struct Name {
  int size = 8;  // of the square field
  int players = 2;
  int foods = 2;
  int sight = 0;  // 0: the whole field
  bool coop = false;
  bool grid = false;        // observations are layers of cells
  bool individual = false;  // "-ind": every food has level 1
  bool penalty = false;     // "-pen": a failed loading costs 0.1
  int version = 3;
};

/// Reads a name that lb-foraging registers:
///
///   [lbforaging:][Foraging-][2s-]8x8-2p-2f[-coop][-ind][-pen][-v3]
///   [lbforaging:][Foraging-]grid[-4s]-8x8-2p-2f[-coop][-ind][-v3]
///   [lbforaging:][Foraging-][2s-](simple|coop)[-v3]
///
/// with sizes 5 .. 19, players 2 .. 19, foods 1 .. 9, versions 1 .. 3 and, of grids, a sight below the
/// size. Nothing for any other text.
std::optional<Name> read_name(const std::string& text);

/// What read_name() takes, for messages.
std::string known_names();

}  // namespace qtot::envs::lbf
