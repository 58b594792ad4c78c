#include "envs/mpe/picture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::envs::mpe {
namespace {

constexpr double kEdge = 1.4;  // of the picture: agents start within 1 and are pushed further

env::DrawnUnit disc(const Point& at, const Body& body) {
  env::DrawnUnit unit;
  unit.x = std::clamp(at.x, -kEdge, kEdge);
  unit.y = std::clamp(at.y, -kEdge, kEdge);
  unit.radius = body.size;
  return unit;
}

std::string decimals(double x) {
  constexpr int kDecimals = 3;
  std::array<char, 400> out{};
  const auto end =
      std::to_chars(out.data(), out.data() + out.size(), x, std::chars_format::fixed, kDecimals);
  return {out.data(), end.ptr};
}

std::string points(std::span<const Point> points) {
  std::string out;
  for (const Point& point : points) out += " (" + decimals(point.x) + " " + decimals(point.y) + ")";
  return out;
}

// "-" where nothing was said.
std::string word(std::span<const double> said) {
  const auto at = std::find_if(said.begin(), said.end(), [](double x) { return x != 0; });
  return at == said.end() ? "-" : std::to_string(at - said.begin());
}

}  // namespace

void draw(const Scenario& scenario, const World& world, bool has_moved, env::Drawing& out) {
  out = {.x_min = -kEdge,
         .y_min = -kEdge,
         .width = 2 * kEdge,
         .height = 2 * kEdge,
         .y_is_up = true,
         .cells = {},
         .units = {},
         .deeds = {}};
  for (int a = 0; a < world.n_agents(); ++a) {
    const auto i = static_cast<std::size_t>(a);
    env::DrawnUnit unit = disc(world.pos[i], world.body(a));
    unit.team = scenario.team(a);
    unit.kind = scenario.kind(a);
    unit.label = std::to_string(a);
    unit.agent = a < scenario.n_learners(world) ? a : -1;
    unit.facing_x = world.vel[i].x;
    unit.facing_y = world.vel[i].y;
    out.units.push_back(unit);
  }
  for (int l = 0; l < world.n_landmarks(); ++l) {
    const std::size_t i = world.vel.size() + static_cast<std::size_t>(l);
    env::DrawnUnit unit = disc(world.pos[i], world.body(static_cast<int>(i)));
    unit.kind = "landmark";
    unit.label = scenario.landmark_label(world, l);
    out.units.push_back(unit);
  }
  if (!has_moved) return;
  for (const auto& [a, b] : scenario.catches(world)) {
    const env::DrawnUnit& from = out.units[static_cast<std::size_t>(a)];
    const env::DrawnUnit& to = out.units[static_cast<std::size_t>(b)];
    out.deeds.push_back({.deed = env::Deed::kCapture,
                         .team = from.team,
                         .from_x = from.x,
                         .from_y = from.y,
                         .to_x = to.x,
                         .to_y = to.y});
  }
}

std::string action_name(const World& world, int agent, int action) {
  constexpr std::array<const char*, kMoves> kNames = {"stay", "left", "right", "down", "up"};
  QTOT_CHECK_GE(action, 0);
  if (action >= world.n_actions(agent)) return "none";
  const Body& body = world.body(agent);
  const int n_moves = body.is_movable ? kMoves : 1;
  std::string name = body.is_movable ? kNames[static_cast<std::size_t>(action % n_moves)] : "";
  if (body.is_silent) return name;
  if (!name.empty()) name += ", ";
  return name + "say " + std::to_string(action / n_moves);
}

std::string text(const World& world) {
  std::string out = "agents" + points(world.agents()) + ", landmarks" + points(world.landmarks());
  for (std::size_t g = 0; g < world.goals.size(); ++g) {
    out += (g == 0 ? ", goal " : " ") + std::to_string(world.goals[g]);
  }
  const auto n_symbols = static_cast<std::size_t>(world.n_symbols());
  bool is_first = true;
  for (int a = 0; a < world.n_agents(); ++a) {
    if (world.body(a).is_silent) continue;
    const std::span<const double> said(world.said);
    out += (is_first ? ", said " : " ") +
           word(said.subspan(static_cast<std::size_t>(a) * n_symbols, n_symbols));
    is_first = false;
  }
  return out;
}

}  // namespace qtot::envs::mpe
