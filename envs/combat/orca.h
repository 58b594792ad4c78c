#pragma once

#include <vector>

#include "envs/combat/numbers.h"
#include "envs/combat/obstacles.h"

/// Optimal reciprocal collision avoidance (van den Berg et al., 2011, "Reciprocal n-body collision avoidance", as in
/// their library RVO2): every neighbour and obstacle leaves a half-plane of velocities that are safe for the time
/// horizon; the unit takes the velocity in all of them that is nearest to what it wants, or, when they have none in
/// common, the one that enters them least.
namespace qtot::envs::combat {

/// The velocities to the left of a directed line are permitted.
template <class V>
struct HalfPlane {
  V direction;
  V point;
};

/// The unit that looks for a velocity.
template <class V>
struct Mover {
  V position;
  V velocity;  // of the tick before
  V wanted;    // not zero
  double radius = 0;
  double speed = 0;  // at most
};

/// A unit that is near it.
template <class V>
struct Neighbour {
  V position;
  V velocity;
  double distance = 0;          // between the centres
  double distance_squared = 0;  // as the rules compute it
  double radius = 0;
  bool wants_to_move = false;  // then it is trusted with half of the way
};

/// Which details of SMAClite's port are copied (`rules: compat`).
struct Quirks {
  /// The line of an edge's cut-off or leg is moved by -direction.y times the radius along both axes, where it should
  /// be moved to its left.
  bool shifts_by_scalar = false;
  /// The left neighbour of a corner is taken from the edge the search began at.
  bool keeps_left_edge = false;
};

/// Memory and result of one search; allocates nothing after the first few calls.
template <class V>
class CollisionAvoidance {
 public:
  explicit CollisionAvoidance(Quirks quirks) : quirks_(quirks) {}

  /// Room for so many half-planes.
  void reserve(std::size_t n);

  void begin(const Mover<V>& mover);
  void add_obstacle(const Obstacle& obstacle);
  /// All obstacles come before the first neighbour.
  void add_neighbour(const Neighbour<V>& neighbour);
  /// What the other two come to.
  void add_half_plane(V direction, V point) { planes_.push_back({direction, point}); }
  /// The velocity to take.
  V solve();

 private:
  using Scalar = typename V::Scalar;

  void add_edge(const Obstacle& obstacle, int edge);
  void add_leg_or_cutoff(const Obstacle& obstacle, int edge, int begin, int end, V left_leg,
                         V right_leg);
  V beside(V cutoff, V direction) const;
  bool is_covered(V a, V b) const;

  Quirks quirks_;
  Mover<V> mover_;
  std::vector<HalfPlane<V>> planes_;
  std::vector<HalfPlane<V>> projected_;  // of the last resort
  std::size_t n_obstacle_planes_ = 0;
};

extern template class CollisionAvoidance<Vec>;
extern template class CollisionAvoidance<MixedVec>;

}  // namespace qtot::envs::combat
