#pragma once

#include <span>
#include <vector>

#include "qtot/env/chance.h"

/// The physics of the multi-particle environments: discs in the plane that are driven and push each
/// other apart. All in double, with the functions of qtot/math/elementary.h.
namespace qtot::envs::mpe {

constexpr int kMoves = 5;  // of a movable agent: stay, -x, +x, -y, +y

/// The decisions that are left to chance.
enum Site {
  kAgentPosition,     // index 2 agent + axis
  kLandmarkPosition,  // index 2 landmark + axis
  kGoal,              // index: whose
  kPreyMove,
};

struct Point {
  double x = 0;
  double y = 0;

  bool operator==(const Point&) const = default;
};

/// What a disc is.
struct Body {
  double size = 0.05;    // radius
  double accel = 5;      // force of a move; the mass is 1
  double max_speed = 0;  // 0: none
  bool is_movable = false;
  bool collides = false;
  bool is_silent = true;  // says nothing
};

/// Bodies with their positions and velocities, what the agents say and where they are to go.
///
/// One step of advance(), with dt 0.1, damping 0.25, contact force 100, contact margin k = 0.001:
///
///   for each pair a < b of colliding bodies, a first, d = |p_a - p_b|, r the sum of their sizes:
///     f    = 100 (p_a - p_b) / d  *  k ln(1 + e^((r - d) / k))        0 where d = 0
///     F_a += f,  F_b -= f                                             F starts as the move's force
///   for each movable agent:
///     old velocity:  p += 0.1 v;  v = 0.75 v + 0.1 F, cut to max_speed
///     new velocity:  v = 0.75 v + 0.1 F, cut to max_speed;  p += 0.1 v
///
/// The old velocity is that of MPE2 and of PettingZoo since 1.23.0; the new one that of OpenAI's
/// original. Forces too small for a double (d - r above about 0.74) are 0. Where two centres coincide
/// the references divide by 0; here nobody is pushed.
class World {
 public:
  /// `bodies` are `n_agents` agents, then landmarks. `n_symbols` is the size of what an agent says,
  /// `n_goals` the number of goals, each a landmark; landmarks are placed in +-`landmark_reach`.
  struct Plan {
    std::vector<Body> bodies;
    int n_agents = 0;
    int n_symbols = 0;
    int n_goals = 0;
    double landmark_reach = 1;
    bool position_uses_old_velocity = true;
  };

  explicit World(const Plan& plan);

  int n_agents() const { return plan_.n_agents; }
  int n_landmarks() const { return static_cast<int>(plan_.bodies.size()) - plan_.n_agents; }
  int n_symbols() const { return plan_.n_symbols; }
  const Body& body(int index) const { return plan_.bodies[static_cast<std::size_t>(index)]; }

  /// An agent's actions are its moves times what it may say, moves first: action = move + 5 symbol.
  int n_actions(int agent) const;

  /// Draws goals and positions; nobody moves or has spoken.
  void scatter(env::Chance& chance);
  /// What the agent does in the next advance().
  void act(int agent, int action);
  void advance();

  /// Whether two discs overlap.
  bool touches(int a, int b) const;

  std::span<const Point> agents() const { return {pos.data(), vel.size()}; }
  std::span<const Point> landmarks() const {
    return std::span<const Point>(pos).subspan(vel.size());
  }

  std::vector<Point> pos;    // [agents, then landmarks]
  std::vector<Point> vel;    // [agents]
  std::vector<double> said;  // [agents, symbols] one-hot, or zeros
  std::vector<int> goals;    // landmarks

 private:
  struct Pair {
    std::size_t a = 0;
    std::size_t b = 0;
    double reach = 0;  // distance at which they touch
  };

  void push();
  void integrate(std::size_t agent);

  Plan plan_;
  std::vector<Pair> pairs_;       // of colliding bodies that can move, a first
  std::vector<double> distance_;  // [pairs]
  std::vector<double> decay_;     // [pairs] e^-(|reach - distance| / k)
  std::vector<Point> force_;      // [bodies]; those of landmarks are not read
};

double distance(const Point& a, const Point& b);
double squared_distance(const Point& a, const Point& b);
/// The least distance of `points`, of which there is one at least.
double distance_of_nearest(std::span<const Point> points, const Point& to);

}  // namespace qtot::envs::mpe
