#include "envs/mpe/world.h"

#include <algorithm>
#include <cstddef>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::envs::mpe {
namespace {

constexpr double kDt = 0.1;
constexpr double kKept = 0.75;  // 1 - damping: share of the velocity that is left after a step
constexpr double kContactForce = 100;
constexpr double kContactMargin = 1e-3;

// k ln(1 + e^z) with z = overlap / k, given t = e^-|z|: about the overlap of two discs, and about 0
// where there is none.
double penetration(double overlap, double t) {
  constexpr double kLinear = 0x1p-54;  // ln(1 + t) is t below
  const double log_1_t = t < kLinear ? t : math::log1p(t);
  const double z = overlap / kContactMargin;
  return (z > 0 ? z + log_1_t : log_1_t) * kContactMargin;
}

std::size_t index(int n) {
  return static_cast<std::size_t>(n);
}

double draw_coordinate(env::Chance& chance, int site, int index, double reach) {
  return (2 * chance.uniform(site, index) - 1) * reach;
}

Point draw_point(env::Chance& chance, int site, int index, double reach) {
  const double x = draw_coordinate(chance, site, 2 * index, reach);
  return {x, draw_coordinate(chance, site, 2 * index + 1, reach)};
}

}  // namespace

double squared_distance(const Point& a, const Point& b) {
  const double dx = a.x - b.x;
  const double dy = a.y - b.y;
  return dx * dx + dy * dy;
}

double distance(const Point& a, const Point& b) {
  return math::sqrt(squared_distance(a, b));
}

// The root of the least square is the least root: it keeps the order and equal numbers.
double distance_of_nearest(std::span<const Point> points, const Point& to) {
  double least = squared_distance(points[0], to);
  for (const Point& point : points.subspan(1)) {
    least = std::min(least, squared_distance(point, to));
  }
  return math::sqrt(least);
}

World::World(const Plan& plan)
    : pos(plan.bodies.size()),
      vel(static_cast<std::size_t>(plan.n_agents)),
      said(vel.size() * static_cast<std::size_t>(plan.n_symbols)),
      goals(static_cast<std::size_t>(plan.n_goals)),
      plan_(plan),
      force_(plan.bodies.size()) {
  const std::vector<Body>& bodies = plan_.bodies;
  for (std::size_t a = 0; a < bodies.size(); ++a) {
    for (std::size_t b = a + 1; b < bodies.size(); ++b) {
      const bool can_move = bodies[a].is_movable || bodies[b].is_movable;
      if (!bodies[a].collides || !bodies[b].collides || !can_move) continue;
      pairs_.push_back({a, b, bodies[a].size + bodies[b].size});
    }
  }
  distance_.resize(pairs_.size());
  decay_.resize(pairs_.size());
}

int World::n_actions(int agent) const {
  const Body& is = body(agent);
  return (is.is_movable ? kMoves : 1) * (is.is_silent ? 1 : plan_.n_symbols);
}

void World::scatter(env::Chance& chance) {
  const auto n_places = static_cast<std::uint32_t>(n_landmarks());
  for (std::size_t g = 0; g < goals.size(); ++g) {
    goals[g] = static_cast<int>(chance.choose(kGoal, static_cast<int>(g), n_places));
  }
  for (std::size_t i = 0; i < pos.size(); ++i) {
    const int n = static_cast<int>(i);
    pos[i] = n < n_agents()
                 ? draw_point(chance, kAgentPosition, n, 1)
                 : draw_point(chance, kLandmarkPosition, n - n_agents(), plan_.landmark_reach);
  }
  std::fill(vel.begin(), vel.end(), Point{});
  std::fill(said.begin(), said.end(), 0.0);
}

void World::act(int agent, int action) {
  QTOT_CHECK_GE(action, 0);
  QTOT_CHECK_LT(action, n_actions(agent));
  const auto a = static_cast<std::size_t>(agent);
  const Body& is = plan_.bodies[a];
  const int n_moves = is.is_movable ? kMoves : 1;
  const int move = action % n_moves;
  const double force = move % 2 == 1 ? -is.accel : is.accel;
  force_[a] = {move == 1 || move == 2 ? force : 0, move == 3 || move == 4 ? force : 0};

  const auto n_symbols = static_cast<std::size_t>(plan_.n_symbols);
  std::fill_n(said.begin() + static_cast<std::ptrdiff_t>(a * n_symbols), n_symbols, 0.0);
  if (!is.is_silent) said[a * n_symbols + static_cast<std::size_t>(action / n_moves)] = 1;
}

void World::advance() {
  push();
  for (std::size_t a = 0; a < vel.size(); ++a) {
    if (plan_.bodies[a].is_movable) integrate(a);
  }
}

bool World::touches(int a, int b) const {
  constexpr double kSurely = 1.001;  // spares the root for most
  const double reach = body(a).size + body(b).size;
  const double square = squared_distance(pos[index(a)], pos[index(b)]);
  return square < kSurely * reach * reach && math::sqrt(square) < reach;
}

void World::push() {
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    distance_[i] = math::sqrt(squared_distance(pos[pairs_[i].a], pos[pairs_[i].b]));
    decay_[i] = -math::abs((pairs_[i].reach - distance_[i]) / kContactMargin);
  }
  math::exp<double>(decay_, decay_);
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const auto& [a, b, reach] = pairs_[i];
    const double d = distance_[i];
    const double depth = penetration(reach - d, decay_[i]);
    if (depth == 0 || d == 0) continue;
    const Point f = {kContactForce * (pos[a].x - pos[b].x) / d * depth,
                     kContactForce * (pos[a].y - pos[b].y) / d * depth};
    force_[a].x += f.x;
    force_[a].y += f.y;
    force_[b].x -= f.x;
    force_[b].y -= f.y;
  }
}

void World::integrate(std::size_t agent) {
  Point& p = pos[agent];
  Point& v = vel[agent];
  const auto move = [&] {
    p.x += v.x * kDt;
    p.y += v.y * kDt;
  };
  if (plan_.position_uses_old_velocity) move();
  v.x = v.x * kKept + force_[agent].x * kDt;
  v.y = v.y * kKept + force_[agent].y * kDt;
  const double max_speed = plan_.bodies[agent].max_speed;
  if (max_speed > 0) {
    const double speed = math::sqrt(v.x * v.x + v.y * v.y);
    if (speed > max_speed) v = {v.x / speed * max_speed, v.y / speed * max_speed};
  }
  if (!plan_.position_uses_old_velocity) move();
}

}  // namespace qtot::envs::mpe
