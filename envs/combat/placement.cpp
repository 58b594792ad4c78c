#include "envs/combat/placement.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace qtot::envs::combat {
namespace {

constexpr double kGap = 0.05;  // cells between the edges of neighbours, of rows too

std::vector<UnitKind> units_of(const Group& group) {
  std::vector<UnitKind> units;
  for (const Squad& squad : group.squads) {
    units.insert(units.end(), static_cast<std::size_t>(squad.count), squad.kind);
  }
  return units;
}

std::size_t side_of_square(std::size_t n_units) {
  std::size_t side = 0;
  while (side * side < n_units) ++side;
  return side;
}

// One row of the square: a part of the group's units, empty in the last rows of some.
struct Row {
  std::size_t begin, end;
  double radius;  // the widest
  double width;   // without gaps
};

std::vector<Row> rows_of(const std::vector<UnitKind>& units) {
  const std::size_t side = side_of_square(units.size());
  std::vector<Row> rows;
  for (std::size_t r = 0; r < side; ++r) {
    Row row = {std::min(r * side, units.size()), std::min((r + 1) * side, units.size()), 0, 0};
    for (std::size_t i = row.begin; i < row.end; ++i) {
      row.radius = std::max(row.radius, unit_type(units[i]).radius);
      row.width += 2 * unit_type(units[i]).radius;
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

// Every sum in SMAClite's order, so that positions have its bits. The width leaves out the gaps, which
// shifts a group a little to the right of its centre, the empty rows count their gap: both are its
// habit too.
std::vector<Start> place(const Group& group) {
  const std::vector<UnitKind> units = units_of(group);
  const std::vector<Row> rows = rows_of(units);
  double radii = 0;
  double width = 0;
  for (const Row& row : rows) {
    radii += row.radius;
    width = std::max(width, row.width);
  }
  const double height = 2 * radii + (static_cast<double>(rows.size()) - 1) * kGap;

  const double sign = group.side == Side::kAlly ? 1 : -1;
  double y = group.y - sign * height / 2;
  double previous_row = 0;
  std::vector<Start> starts;
  for (const Row& row : rows) {
    double x = group.x - sign * width / 2;
    y += sign * (previous_row + row.radius);
    previous_row = row.radius;
    double previous_unit = 0;
    for (std::size_t i = row.begin; i < row.end; ++i) {
      const double radius = unit_type(units[i]).radius;
      x += sign * (previous_unit + radius);
      previous_unit = radius;
      starts.push_back({units[i], group.side, static_cast<float>(x), static_cast<float>(y)});
      x += sign * kGap;
    }
    y += sign * kGap;
  }
  return starts;
}

std::vector<Start> place(const CombatMap& map) {
  std::vector<Start> starts;
  for (const Group& group : map.groups) {
    const std::vector<Start> more = place(group);
    starts.insert(starts.end(), more.begin(), more.end());
  }
  return starts;
}

}  // namespace qtot::envs::combat
