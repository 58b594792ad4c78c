#include "envs/combat/scenario.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "envs/combat/battle.h"
#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::envs::combat {
namespace {

// The draws of a reset. An index is a unit, a group, or counts the draws of one.
enum ScenarioSite : int {
  kAllies = kScenario,
  kSurplus,
  kWhichPositions,
  kNumGroups,
  kDiagonals,
  kDistance,
  kGroupOf,
  kPlaceX,
  kPlaceY,
};

constexpr int kMaxRedraws = 64;          // of a team
constexpr int kMaxDraws = 64;            // of a place
constexpr double kSurroundChance = 0.5;  // SMACv2's p
constexpr int kMaxGroups = 4;            // one a diagonal
constexpr double kNearest = 2;           // of a group to the centre, in x and in y
constexpr double kReflectWidth = 15;  // SMACv2 leaves a cell free on the allies' side of the axis
constexpr double kGrowth = 0.125;     // so that a group is dense, and never short of room
constexpr double kGap = 0.05;         // between edges, as in placement.cpp
constexpr double kCentre = kMapSize / 2.0;
constexpr int kGrain = 1024;  // starts are multiples of 1/1024, so that images are exact in float
constexpr double kLattice = 0.5;
constexpr int kLatticeSize = 2 * kMapSize;  // points a row

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

double radius_of(const Start& start) {
  return unit_type(start.kind).radius;
}

double on_grain(double x) {
  return static_cast<double>(static_cast<int>(x * kGrain)) /
         kGrain;  // towards zero: x >= 0, or not on the map
}

// No point of the plane is farther than sqrt(1/2) spacings from the lattice: so many points at most lie closer to it
// than `distance`.
int most_points_within(double distance) {
  const double reach = distance / kLattice + math::sqrt(0.5);
  const int bound = static_cast<int>(reach) + 1;
  int n = 0;
  for (int i = -bound; i <= bound; ++i) {
    for (int j = -bound; j <= bound; ++j) n += static_cast<double>(i * i + j * j) < reach * reach;
  }
  return n;
}

}  // namespace

bool is_clear(const Terrain& walkable, double x, double y, double radius) {
  if (!(x >= radius && x <= kMapSize - radius && y >= radius && y <= kMapSize - radius))
    return false;
  const auto cell = [](double at) { return std::clamp(static_cast<int>(at), 0, kMapSize - 1); };
  for (int row = cell(y - radius); row <= cell(y + radius); ++row) {
    for (int column = cell(x - radius); column <= cell(x + radius); ++column) {
      if (walkable[size(row)][size(column)]) continue;
      const double dx = x - std::clamp(x, static_cast<double>(column), column + 1.0);
      const double dy = y - std::clamp(y, static_cast<double>(row), row + 1.0);
      if (dx * dx + dy * dy < radius * radius) return false;
    }
  }
  return true;
}

bool has_room(const CombatMap& map) {
  const Scenario& scenario = *map.scenario;
  double radius = 0;
  for (const Scenario::Choice& choice : scenario.choices) {
    radius = std::max(radius, unit_type(choice.kind).radius);
  }
  const double apart = 2 * radius + kGap;
  const bool mirrors = scenario.positions != Positions::kSurround;
  int n_clear = 0;
  for (int i = 0; i < kLatticeSize; ++i) {
    for (int j = 0; j < kLatticeSize; ++j) {
      const double x = i * kLattice;
      const double y = j * kLattice;
      if (!is_clear(map.walkable, x, y, radius)) continue;
      const double image = kMapSize - x;
      n_clear +=
          !mirrors || (std::abs(image - x) >= apart && is_clear(map.walkable, image, y, radius));
    }
  }
  return n_clear > (scenario.n_allies + scenario.n_enemies - 1) * most_points_within(apart);
}

Muster::Muster(const CombatMap& map) : scenario_(map.scenario.value()), walkable_(map.walkable) {
  QTOT_CHECK(has_room(map));
  for (const Scenario::Choice& choice : scenario_.choices) sum_of_weights_ += choice.weight;
  placed_.reserve(size(n_units()));
}

void Muster::draw(env::Chance& chance, std::span<Start> starts) {
  QTOT_CHECK_EQ(starts.size(), size(n_units()));
  draw_teams(chance, starts);
  placed_.clear();
  const bool surrounds = scenario_.positions == Positions::kSurround ||
                         (scenario_.positions == Positions::kSurroundAndReflect &&
                          chance.happens(kWhichPositions, 0, kSurroundChance));
  if (surrounds) {
    surround(chance, starts);
  } else {
    reflect(chance, starts);
  }
}

// The kinds that both teams have in common decide, so that neither is of never_alone units only.
void Muster::draw_teams(env::Chance& chance, std::span<Start> starts) const {
  const std::size_t n_allies = size(scenario_.n_allies);
  const std::size_t n_enemies = size(scenario_.n_enemies);
  const std::size_t n_common = std::min(n_allies, n_enemies);
  const std::span<Start> allies = starts.first(n_allies);
  const std::span<Start> enemies = starts.subspan(n_allies);
  draw_team(chance, kAllies, allies, n_common);
  for (std::size_t i = 0; i < n_common; ++i) enemies[i].kind = allies[i].kind;
  if (n_enemies > n_common) {
    draw_team(chance, kSurplus, enemies.subspan(n_common), n_enemies - n_common);
  }
  for (Start& start : allies) start.side = Side::kAlly;
  for (Start& start : enemies) start.side = Side::kEnemy;
}

void Muster::draw_team(env::Chance& chance, int site, std::span<Start> team,
                       std::size_t n_decisive) const {
  for (int redraw = 0; redraw < kMaxRedraws; ++redraw) {
    for (std::size_t i = 0; i < team.size(); ++i) {
      team[i].kind = draw_choice(chance, site, redraw * kMaxUnits + static_cast<int>(i)).kind;
    }
    if (may_be_alone(team.first(n_decisive))) return;
  }
  for (const Scenario::Choice& choice : scenario_.choices) {
    if (choice.never_alone) continue;
    team.front().kind = choice.kind;
    return;
  }
}

const Scenario::Choice& Muster::draw_choice(env::Chance& chance, int site, int index) const {
  auto left =
      static_cast<int>(chance.choose(site, index, static_cast<std::uint32_t>(sum_of_weights_)));
  std::size_t i = 0;
  for (; left >= scenario_.choices[i].weight; ++i) left -= scenario_.choices[i].weight;
  return scenario_.choices[i];
}

bool Muster::may_be_alone(std::span<const Start> team) const {
  return std::any_of(team.begin(), team.end(), [this](const Start& start) {
    return std::any_of(scenario_.choices.begin(), scenario_.choices.end(),
                       [&](const Scenario::Choice& choice) {
                         return choice.kind == start.kind && !choice.never_alone;
                       });
  });
}

void Muster::surround(env::Chance& chance, std::span<Start> starts) {
  for (int i = 0; i < scenario_.n_allies; ++i) {
    put(chance, starts, i, {.x = kCentre, .y = kCentre, .growth = kGrowth}, kNobody);
  }
  const int n_groups = 1 + static_cast<int>(chance.choose(kNumGroups, 0, kMaxGroups));
  std::array<int, kMaxGroups> diagonals = {0, 1, 2, 3};
  chance.shuffle(kDiagonals, diagonals);
  std::array<Region, kMaxGroups> regions;
  for (int g = 0; g < n_groups; ++g) {
    const int diagonal = diagonals[size(g)];
    const double x_sign = diagonal % 2 == 0 ? -1 : 1;
    const double y_sign = diagonal < 2 ? -1 : 1;
    // from the corner to kNearest
    const double reach = kCentre - (kCentre - kNearest) * chance.uniform(kDistance, g);
    regions[size(g)] = {
        .x = kCentre + x_sign * reach, .y = kCentre + y_sign * reach, .growth = kGrowth};
  }
  for (int i = 0; i < scenario_.n_enemies; ++i) {
    const std::size_t group = chance.choose(kGroupOf, i, static_cast<std::uint32_t>(n_groups));
    put(chance, starts, scenario_.n_allies + i, regions[group], kNobody);
  }
}

void Muster::reflect(env::Chance& chance, std::span<Start> starts) {
  const Region left = {.x = kReflectWidth / 2,
                       .y = kCentre,
                       .half_width = kReflectWidth / 2,
                       .half_height = kCentre};
  const Region right = {
      .x = kCentre + kCentre / 2, .y = kCentre, .half_width = kCentre / 2, .half_height = kCentre};
  const int n_allies = scenario_.n_allies;
  const int n_common = std::min(n_allies, scenario_.n_enemies);
  for (int i = 0; i < n_common; ++i) put(chance, starts, i, left, n_allies + i);
  for (int i = n_common; i < n_allies; ++i) put(chance, starts, i, left, kNobody);
  for (int i = n_common; i < scenario_.n_enemies; ++i) {
    put(chance, starts, n_allies + i, right, kNobody);
  }
}

// Together with the unit its `image` is put on the other side of the axis, unless that is kNobody.
void Muster::put(env::Chance& chance, std::span<Start> starts, int unit, const Region& region,
                 int image) {
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    const int index = unit * kMaxDraws + draw;
    const double half_width = region.half_width + draw * region.growth;
    const double half_height = region.half_height + draw * region.growth;
    const double x = region.x + half_width * (2 * chance.uniform(kPlaceX, index) - 1);
    const double y = region.y + half_height * (2 * chance.uniform(kPlaceY, index) - 1);
    if (put_at(starts, unit, on_grain(x), on_grain(y), image)) return;
  }
  for (int j = 0; j < kLatticeSize; ++j) {
    for (int i = 0; i < kLatticeSize; ++i) {
      if (put_at(starts, unit, i * kLattice, j * kLattice, image)) return;
    }
  }
  QTOT_CHECK(false);  // has_room() was wrong
}

bool Muster::put_at(std::span<Start> starts, int unit, double x, double y, int image) {
  const std::size_t n_before = placed_.size();
  for (const int id : {unit, image}) {
    if (id == kNobody) continue;
    Start& start = starts[size(id)];
    start.x = static_cast<float>(id == unit ? x : kMapSize - x);
    start.y = static_cast<float>(y);
    if (!is_free(starts, id)) {
      placed_.resize(n_before);
      return false;
    }
    placed_.push_back(id);
  }
  return true;
}

bool Muster::is_free(std::span<const Start> starts, int unit) const {
  const Start& self = starts[size(unit)];
  const double radius = radius_of(self);
  const auto x = static_cast<double>(self.x);
  const auto y = static_cast<double>(self.y);
  if (!is_clear(walkable_, x, y, radius)) return false;
  return std::all_of(placed_.begin(), placed_.end(), [&](int id) {
    const Start& other = starts[size(id)];
    const double dx = x - static_cast<double>(other.x);
    const double dy = y - static_cast<double>(other.y);
    const double apart = radius + radius_of(other) + kGap;
    return dx * dx + dy * dy >= apart * apart;
  });
}

}  // namespace qtot::envs::combat
