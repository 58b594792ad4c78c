#include "envs/combat/orca.h"

#include <cmath>
#include <limits>
#include <span>

// The time horizon is one second for units and obstacles alike, so that velocities and positions share a scale and
// no factor stands in the equations.

namespace qtot::envs::combat {
namespace {

constexpr double kInverseTick = 16;  // ticks a second
constexpr double kParallel = 1e-5;   // determinant below which two lines count as parallel
constexpr double kCovered = -1e-5;
constexpr double kNever = std::numeric_limits<double>::infinity();

template <class V>
using Planes = std::span<const HalfPlane<V>>;

// What is the best point of a line that the disc of speeds and the half-planes before it allow? False: none.
template <class V>
bool best_on_line(Planes<V> planes, std::size_t index, double speed, V wanted, bool wants_direction,
                  V& result) {
  using Scalar = typename V::Scalar;
  const HalfPlane<V>& line = planes[index];
  const Scalar along = inner(line.point, line.direction);
  const double discriminant =
      value_of(along) * value_of(along) + speed * speed - value_of(inner(line.point, line.point));
  if (discriminant < 0) return false;  // too far from the disc

  const double half_chord = root(discriminant);
  Scalar low = Scalar(-value_of(along) - half_chord);
  Scalar high = Scalar(-value_of(along) + half_chord);
  for (const HalfPlane<V>& other : planes.first(index)) {
    const Scalar denominator = det(line.direction, other.direction);
    const Scalar numerator = det(other.direction, line.point - other.point);
    if (std::abs(value_of(denominator)) < kParallel) {
      if (value_of(numerator) < 0) return false;
      continue;
    }
    const Scalar t = numerator / denominator;
    if (value_of(denominator) >= 0) {
      if (t < high) high = t;
    } else if (t > low) {
      low = t;
    }
    if (low > high) return false;
  }
  Scalar t = high;
  if (wants_direction) {
    if (!(value_of(inner(wanted, line.direction)) > 0)) t = low;
  } else {
    t = inner(line.direction, wanted - line.point);
    if (t < low) {
      t = low;
    } else if (t > high) {
      t = high;
    }
  }
  result = line.point + line.direction * t;
  return true;
}

// The permitted velocity nearest to `wanted` (or farthest along it): half-plane by half-plane, each that the result
// so far does not lie in takes it onto its line. Returns how many half-planes could be satisfied.
template <class V>
std::size_t nearest(Planes<V> planes, double speed, V wanted, bool wants_direction, V& result) {
  using Scalar = typename V::Scalar;
  if (wants_direction) {
    result = wanted * Scalar(speed);
  } else if (value_of(inner(wanted, wanted)) > speed * speed) {
    result = normalised(wanted) * Scalar(speed);
  } else {
    result = wanted;
  }
  for (std::size_t i = 0; i < planes.size(); ++i) {
    if (value_of(det(planes[i].direction, planes[i].point - result)) <= 0) continue;
    V on_line = result;
    if (!best_on_line(planes, i, speed, wanted, wants_direction, on_line)) return i;
    result = on_line;
  }
  return planes.size();
}

// The line on which two half-planes are entered equally far; false: they point the same way.
template <class V>
bool between(const HalfPlane<V>& line, const HalfPlane<V>& other, HalfPlane<V>& out) {
  using Scalar = typename V::Scalar;
  const Scalar determinant = det(line.direction, other.direction);
  if (std::abs(value_of(determinant)) <= kParallel) {
    if (value_of(inner(line.direction, other.direction)) > 0) return false;
    out.point = (line.point + other.point) * Scalar(0.5);
  } else {
    out.point = line.point +
                line.direction * (det(other.direction, line.point - other.point) / determinant);
  }
  out.direction = normalised(other.direction - line.direction);
  return true;
}

}  // namespace

template <class V>
void CollisionAvoidance<V>::reserve(std::size_t n) {
  planes_.reserve(n);
  projected_.reserve(n);
}

template <class V>
void CollisionAvoidance<V>::begin(const Mover<V>& mover) {
  mover_ = mover;
  planes_.clear();
  n_obstacle_planes_ = 0;
}

template <class V>
void CollisionAvoidance<V>::add_obstacle(const Obstacle& obstacle) {
  for (int i = 0; i < 4; ++i) {
    const Obstacle::Edge& edge = obstacle.edges[static_cast<std::size_t>(i)];
    // only from its outer side is an edge in the way
    const V begin = to(V{}, to_mixed(edge.point)) - mover_.position;
    if (value_of(det(begin, to(V{}, to_mixed(edge.span)))) < 0) add_edge(obstacle, i);
  }
  n_obstacle_planes_ = planes_.size();
}

template <class V>
bool CollisionAvoidance<V>::is_covered(V a, V b) const {
  for (const HalfPlane<V>& plane : planes_) {
    if (value_of(det(a - plane.point, plane.direction)) - mover_.radius >= kCovered &&
        value_of(det(b - plane.point, plane.direction)) - mover_.radius >= kCovered) {
      return true;
    }
  }
  return false;
}

template <class V>
V CollisionAvoidance<V>::beside(V cutoff, V direction) const {
  const V offset = quirks_.shifts_by_scalar ? make_vec(-y_of(direction), -y_of(direction))
                                            : make_vec(-y_of(direction), x_of(direction));
  return cutoff + offset * Scalar(mover_.radius);
}

template <class V>
void CollisionAvoidance<V>::add_edge(const Obstacle& obstacle, int edge) {
  const int next = (edge + 1) % 4;
  const auto& from = obstacle.edges[static_cast<std::size_t>(edge)];
  const auto& to_edge = obstacle.edges[static_cast<std::size_t>(next)];
  const V a = to(V{}, {from.point.x, from.point.y, false}) - mover_.position;
  const V b = to(V{}, {to_edge.point.x, to_edge.point.y, false}) - mover_.position;
  const V ab = to(V{}, to_mixed(from.span));
  if (is_covered(a, b)) return;

  const double radius = mover_.radius;
  const double radius_squared = radius * radius;
  const double a_squared = value_of(inner(a, a));
  const double b_squared = value_of(inner(b, b));
  const double length_squared = value_of(inner(ab, ab));
  const double s = value_of(inner(-a, ab)) / length_squared;
  const V off_line = -a - ab * Scalar(s);
  const bool is_on_line = value_of(inner(off_line, off_line)) <= radius_squared;
  const V zero = to(V{}, {});
  const V direction = to(V{}, {from.direction.x, from.direction.y, false});
  const V next_direction = to(V{}, {to_edge.direction.x, to_edge.direction.y, false});

  // it touches the obstacle: no velocity that goes into it
  if (s < 0 && a_squared < radius_squared) {
    add_half_plane(normalised(make_vec(-y_of(a), x_of(a))), zero);
    return;
  }
  if (s > 1 && b_squared <= radius_squared) {
    if (value_of(det(b, next_direction)) >= 0)
      add_half_plane(normalised(make_vec(-y_of(b), x_of(b))), zero);
    return;
  }
  if (s > 0 && s < 1 && is_on_line) {
    add_half_plane(-direction, zero);
    return;
  }

  // the two tangents to the obstacle, or to its one corner that is seen end on
  const auto left_of = [&](V p, double p_squared) {
    const double leg = root(p_squared - radius_squared);
    return make_vec(x_of(p) * Scalar(leg) - y_of(p) * Scalar(radius),
                    x_of(p) * Scalar(radius) + y_of(p) * Scalar(leg)) /
           Scalar(p_squared);
  };
  const auto right_of = [&](V p, double p_squared) {
    const double leg = root(p_squared - radius_squared);
    return make_vec(x_of(p) * Scalar(leg) + y_of(p) * Scalar(radius),
                    -(x_of(p) * Scalar(radius)) + y_of(p) * Scalar(leg)) /
           Scalar(p_squared);
  };
  if (s < 0 && is_on_line) {
    add_leg_or_cutoff(obstacle, edge, edge, edge, left_of(a, a_squared), right_of(a, a_squared));
  } else if (s > 1 && is_on_line) {
    add_leg_or_cutoff(obstacle, edge, next, next, left_of(b, b_squared), right_of(b, b_squared));
  } else {
    add_leg_or_cutoff(obstacle, edge, edge, next, left_of(a, a_squared), right_of(b, b_squared));
  }
}

// The half-plane that touches the velocity obstacle where it is nearest to the present velocity. `begin` and `end` are
// the corners that are seen; equal when it is one alone.
template <class V>
void CollisionAvoidance<V>::add_leg_or_cutoff(const Obstacle& obstacle, int edge, int begin,
                                              int end, V left_leg, V right_leg) {
  const auto corner = [&](int i) -> const Obstacle::Edge& {
    return obstacle.edges[static_cast<std::size_t>(i)];
  };
  const auto direction_of = [&](int i) {
    return to(V{}, {corner(i).direction.x, corner(i).direction.y, false});
  };
  const auto cutoff_at = [&](int i) {
    return to(V{}, {corner(i).point.x, corner(i).point.y, false}) - mover_.position;
  };
  const bool is_one_corner = begin == end;
  const V before = -direction_of(((quirks_.keeps_left_edge ? edge : begin) + 3) % 4);
  // a leg that points into the obstacle belongs to the edge beside it
  const bool left_is_foreign = value_of(det(left_leg, before)) >= 0;
  const bool right_is_foreign = value_of(det(right_leg, direction_of(end))) <= 0;
  if (left_is_foreign) left_leg = before;
  if (right_is_foreign) right_leg = direction_of(end);

  const V left = cutoff_at(begin);
  const V right = cutoff_at(end);
  const V across = right - left;
  const V from_left = mover_.velocity - left;
  const V from_right = mover_.velocity - right;
  const double t =
      is_one_corner ? 0.5 : value_of(inner(from_left, across)) / value_of(inner(across, across));
  const Scalar t_left = inner(from_left, left_leg);
  const Scalar t_right = inner(from_right, right_leg);

  const auto add_corner = [&](V cutoff, V offset) {
    const V unit = normalised(offset);
    add_half_plane(make_vec(y_of(unit), -x_of(unit)), cutoff + unit * Scalar(mover_.radius));
  };
  const bool behind_left = value_of(t_left) < 0;
  const bool behind_right = value_of(t_right) < 0;
  if ((t < 0 && behind_left) || (is_one_corner && behind_left && behind_right)) {
    add_corner(left, from_left);
    return;
  }
  if (t > 1 && behind_right) {
    add_corner(right, from_right);
    return;
  }

  const auto squared = [](V v) { return value_of(inner(v, v)); };
  const double to_cutoff = t < 0 || t > 1 || is_one_corner
                               ? kNever
                               : squared(mover_.velocity - (left + across * Scalar(t)));
  const double to_left =
      behind_left ? kNever : squared(mover_.velocity - (left + left_leg * t_left));
  const double to_right =
      behind_right ? kNever : squared(mover_.velocity - (right + right_leg * t_right));
  if (to_cutoff <= to_left && to_cutoff <= to_right) {
    const V direction = -direction_of(begin);
    add_half_plane(direction, beside(left, direction));
  } else if (to_left <= to_right) {
    if (!left_is_foreign) add_half_plane(left_leg, beside(left, left_leg));
  } else if (!right_is_foreign) {
    add_half_plane(-right_leg, beside(right, -right_leg));
  }
}

template <class V>
void CollisionAvoidance<V>::add_neighbour(const Neighbour<V>& other) {
  const V relative_position = other.position - mover_.position;
  const V relative_velocity = mover_.velocity - other.velocity;
  const double radii = mover_.radius + other.radius;
  const double radii_squared = radii * radii;
  V direction, change;
  const auto away_from = [&](V w, Scalar length, double reach) {
    // two units on one spot with one velocity have no direction between them: any will do
    const V unit = value_of(length) > 0 ? w / length : to(V{}, {1, 0, false});
    direction = make_vec(y_of(unit), -x_of(unit));
    change = unit * (Scalar(reach) - length);
  };
  if (other.distance_squared > radii_squared) {
    const V w = relative_velocity - relative_position;
    const Scalar w_squared = inner(w, w);
    const double towards = value_of(inner(w, relative_position));
    if (towards < 0 && towards * towards > radii_squared * value_of(w_squared)) {
      away_from(w, root(w_squared), radii);  // nearest is the round end
    } else {
      const Scalar leg(root(other.distance_squared - radii_squared));
      const Scalar x = x_of(relative_position);
      const Scalar y = y_of(relative_position);
      const Scalar r(radii);
      direction = value_of(det(relative_position, w)) > 0
                      ? make_vec(x * leg - y * r, x * r + y * leg)
                      : make_vec(-x * leg - y * r, x * r - y * leg);
      direction = direction / Scalar(other.distance_squared);
      change = direction * inner(relative_velocity, direction) - relative_velocity;
    }
  } else {  // they overlap: part within one tick
    const V w = relative_velocity - relative_position * Scalar(kInverseTick);
    away_from(w, root(inner(w, w)), radii * kInverseTick);
  }
  add_half_plane(direction, mover_.velocity + change * Scalar(other.wants_to_move ? 0.5 : 1.0));
}

template <class V>
V CollisionAvoidance<V>::solve() {
  const Planes<V> planes = planes_;
  V result{};
  const std::size_t n_satisfied = nearest(planes, mover_.speed, mover_.wanted, false, result);
  // no velocity suits all: enter the worst half-plane of units as little as can be, obstacles not at all
  double distance = 0;
  for (std::size_t i = n_satisfied; i < planes.size(); ++i) {
    const HalfPlane<V>& line = planes[i];
    if (value_of(det(line.direction, line.point - result)) <= distance) continue;
    projected_.assign(planes_.begin(),
                      planes_.begin() + static_cast<std::ptrdiff_t>(n_obstacle_planes_));
    for (std::size_t j = n_obstacle_planes_; j < i; ++j) {
      HalfPlane<V> equal;
      if (between(line, planes[j], equal)) projected_.push_back(equal);
    }
    V best = result;
    const V inwards = make_vec(-y_of(line.direction), x_of(line.direction));
    if (nearest(Planes<V>(projected_), mover_.speed, inwards, true, best) == projected_.size()) {
      result = best;
    }
    distance = value_of(det(line.direction, line.point - result));
  }
  return result;
}

template class CollisionAvoidance<Vec>;
template class CollisionAvoidance<MixedVec>;

}  // namespace qtot::envs::combat
