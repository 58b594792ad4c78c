// Stag hunt, or Difficulty-Enhanced Predator-Prey: the benchmark of DCG (Boehmer et al., 2020) and
// WQMIX (Rashid et al., 2020) in the form of PyMARL2. Two hunters must catch a stag in the same step;
// with a punishment for trying alone, a monotonic mixer learns not to try.
//
//   grid       height x width, row 0 at the top, bounded or joined at the edges (toroidal); an
//              entity to a cell
//   actions    0 right, 1 down, 2 left, 3 up, 4 stay, 5 catch
//   step       the agents act in a random order, each moving into a free cell or colliding; then the
//              prey in a random order: captured by enough catchers beside it, else it rests or
//              wanders into a free cell
//   capture    pays; every catcher beside the prey is frozen: it leaves the grid and may only stay
//   end        no prey or no active agent left; the time limit truncates
//   available  moves that stay on the grid (into an occupied cell, too); catch beside living prey
//   obs        [2 r + 1, 2 c + 1, 3]  the window around the agent, layers agents, stags, hares;
//              zeros for a frozen agent
//   state      [height, width, 3]     the whole grid
//
// Quirks of PyMARL2 that are the rules here: on a torus a catcher does not reach across the edge,
// though prey across it makes catch available; and a window shows nothing across the edge.

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

#include "envs/stag_hunt/cells.h"
#include "envs/stag_hunt/options.h"
#include "envs/stag_hunt/picture.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::stag_hunt {
namespace {

// numpy adds a Python number to a float32 scalar in double and stores the sum as float32.
float plus(float reward, double term) {
  return static_cast<float>(static_cast<double>(reward) + term);
}

class StagHunt final : public env::Env {
 public:
  explicit StagHunt(const StagHuntOptions& options)
      : options_(options),
        row_margin_(std::max(1, options.agent_obs[0])),
        col_margin_(std::max(1, options.agent_obs[1])),
        stride_(options.width() + 2 * col_margin_),
        grid_(static_cast<std::size_t>(stride_ * (options.height() + 2 * row_margin_))),
        agents_(static_cast<std::size_t>(options.n_agents)),
        prey_(static_cast<std::size_t>(options.n_prey())),
        active_(agents_.size()),
        alive_(prey_.size()),
        agent_order_(agents_.size()),
        prey_order_(prey_.size()) {
    attempts_.reserve(agents_.size() * kNDirections);
    const int window = (2 * options.agent_obs[0] + 1) * (2 * options.agent_obs[1] + 1);
    spec_ = {.n_agents = options.n_agents,
             .n_actions = kNActions,
             .obs_dim = window * kNLayers,
             .state_dim = options.height() * options.width() * kNLayers,
             .episode_limit = options.episode_limit};
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance& chance) override {
    clear();
    auto n_free = static_cast<std::uint32_t>(options_.height() * options_.width());
    int index = 0;
    for (std::vector<Cell>* entities : {&agents_, &prey_}) {
      for (Cell& cell : *entities) {
        cell = nth_free_cell(chance.choose(kPlace, index, n_free));
        at(cell) = entities == &agents_ ? std::uint8_t{kAgent} : prey_content(index - n_agents());
        ++index;
        --n_free;
      }
    }
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override {
    QTOT_CHECK_EQ(joint_action.size(), agents_.size());
    QTOT_CHECK(!has_ended());
    for (int a = 0; a < n_agents(); ++a) {
      QTOT_CHECK(is_available(a, joint_action[static_cast<std::size_t>(a)]));
    }
    attempts_.clear();
    float reward = static_cast<float>(options_.reward_time);
    move_agents(joint_action, chance, reward);
    move_prey(joint_action, chance, reward);
    ++step_;

    const bool at_limit = step_ == options_.episode_limit;
    const bool truncated = at_limit && (options_.last_step_truncates || !ended_by_rules());
    return {.reward = reward, .terminated = ended_by_rules() && !truncated, .truncated = truncated};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    QTOT_CHECK_EQ(obs.size(), agents_.size() * static_cast<std::size_t>(spec_.obs_dim));
    QTOT_CHECK_EQ(state.size(), static_cast<std::size_t>(spec_.state_dim));
    QTOT_CHECK_EQ(avail.size(), agents_.size() * kNActions);
    const int rows = options_.agent_obs[0];
    const int cols = options_.agent_obs[1];
    float* seen = obs.data();
    for (int a = 0; a < n_agents(); ++a, seen += spec_.obs_dim) {
      const auto agent = static_cast<std::size_t>(a);
      const Cell& centre = agents_[agent];
      std::fill_n(seen, spec_.obs_dim, 0.0F);
      if (active_[agent]) {
        mark({centre.row - rows, centre.col - cols}, 2 * rows + 1, 2 * cols + 1, seen);
      }
      for (env::Action action = 0; action < kNActions; ++action) {
        avail[agent * kNActions + static_cast<std::size_t>(action)] = is_available(a, action);
      }
    }
    std::fill(state.begin(), state.end(), 0.0F);
    mark({0, 0}, options_.height(), options_.width(), state.data());
  }

  bool has_ended() const override { return step_ == options_.episode_limit || ended_by_rules(); }

  env::Snapshot snapshot() const override {
    env::Snapshot out = {
        {"step", {static_cast<double>(step_)}},       {"agents", coordinates(agents_)},
        {"active", {active_.begin(), active_.end()}}, {"prey", coordinates(prey_)},
        {"alive", {alive_.begin(), alive_.end()}},    {"type", {}}};
    for (int p = 0; p < n_prey(); ++p) out.back().second.push_back(prey_content(p) - kAgent);
    return out;
  }

  void restore(const env::Snapshot& snapshot) override {
    const int step = env::snapshot_integer(snapshot, "step", 0, options_.episode_limit);
    const std::vector<Cell> agents = cells_of(snapshot, "agents", agents_.size());
    const std::vector<Cell> prey = cells_of(snapshot, "prey", prey_.size());
    const auto active = env::snapshot_integers(snapshot, "active", agents_.size(), 0, 1);
    const auto alive = env::snapshot_integers(snapshot, "alive", prey_.size(), 0, 1);
    const auto type = env::snapshot_integers(snapshot, "type", prey_.size(), 1, 2);
    for (int p = 0; p < n_prey(); ++p) {
      if (type[static_cast<std::size_t>(p)] != prey_content(p) - kAgent) {
        throw Error("snapshot: type must be 1 for the first " + std::to_string(options_.n_stags) +
                    " prey and 2 for the rest");
      }
    }
    clear();
    step_ = step;
    agents_ = agents;
    prey_ = prey;
    std::copy(active.begin(), active.end(), active_.begin());
    std::copy(alive.begin(), alive.end(), alive_.begin());
    for (std::size_t a = 0; a < agents_.size(); ++a) {
      if (active_[a]) put(agents_[a], kAgent);
    }
    for (std::size_t p = 0; p < prey_.size(); ++p) {
      if (alive_[p]) put(prey_[p], prey_content(static_cast<int>(p)));
    }
  }

  // The grid row by row, in the manner of chess positions.
  std::string text() const override {
    std::string out = "step " + std::to_string(step_) + ", active " +
                      std::to_string(count(active_)) + ", prey " + std::to_string(count(alive_)) +
                      ", grid ";
    for (int row = 0; row < options_.height(); ++row) {
      if (row > 0) out += '/';
      for (int col = 0; col < options_.width(); ++col) out += ".ASH"[at({row, col})];
    }
    return out;
  }

  bool draw(env::Drawing& out) const override {
    stag_hunt::draw({options_, agents_, active_, prey_, alive_, attempts_}, out);
    return true;
  }

  std::string action_name(int, env::Action action) const override {
    return stag_hunt::action_name(action);
  }

 private:
  int n_agents() const { return static_cast<int>(agents_.size()); }
  int n_prey() const { return static_cast<int>(prey_.size()); }

  static int count(const std::vector<std::uint8_t>& flags) {
    return static_cast<int>(std::count(flags.begin(), flags.end(), std::uint8_t{1}));
  }

  bool ended_by_rules() const {
    const int n_alive = count(alive_);
    return n_alive == 0 || count(active_) == 0 || (options_.capture_terminal && n_alive < n_prey());
  }

  std::uint8_t prey_content(int p) const { return p < options_.n_stags ? kStag : kHare; }

  // The grid has a margin of kOutside as wide as a window, so that no neighbour needs a bounds test.
  std::size_t index_of(const Cell& cell) const {
    return static_cast<std::size_t>((cell.row + row_margin_) * stride_ + cell.col + col_margin_);
  }
  std::uint8_t at(const Cell& cell) const { return grid_[index_of(cell)]; }
  std::uint8_t& at(const Cell& cell) { return grid_[index_of(cell)]; }

  Cell neighbour(const Cell& cell, int direction) const {
    const Cell& by = kSteps[static_cast<std::size_t>(direction)];
    Cell to = {cell.row + by.row, cell.col + by.col};
    if (options_.toroidal) {
      to.row = (to.row + options_.height()) % options_.height();
      to.col = (to.col + options_.width()) % options_.width();
    }
    return to;
  }

  // An empty grid with every agent active and all prey alive, none of them placed.
  void clear() {
    step_ = 0;
    attempts_.clear();
    std::fill(active_.begin(), active_.end(), std::uint8_t{1});
    std::fill(alive_.begin(), alive_.end(), std::uint8_t{1});
    std::fill(grid_.begin(), grid_.end(), std::uint8_t{kOutside});
    for (int row = 0; row < options_.height(); ++row) {
      std::fill_n(&at({row, 0}), options_.width(), std::uint8_t{kFree});
    }
  }

  Cell nth_free_cell(std::uint32_t n) const {
    for (int row = 0; row < options_.height(); ++row) {
      for (int col = 0; col < options_.width(); ++col) {
        if (at({row, col}) == kFree && n-- == 0) return {row, col};
      }
    }
    QTOT_CHECK(false && "a free cell exists: the options say so");
    return {};
  }

  bool is_available(int agent, env::Action action) const {
    const auto a = static_cast<std::size_t>(agent);
    if (action == kStay) return true;
    if (action < 0 || action >= kNActions || !active_[a]) return false;
    if (action < kNDirections) return at(neighbour(agents_[a], action)) != kOutside;
    for (int direction = 0; direction < kNDirections; ++direction) {
      if (is_prey(at(neighbour(agents_[a], direction)))) return true;
    }
    return false;
  }

  void move_agents(std::span<const env::Action> joint_action, env::Chance& chance, float& reward) {
    std::iota(agent_order_.begin(), agent_order_.end(), 0);
    chance.shuffle(kAgentOrder, agent_order_);
    for (const int index : agent_order_) {
      const auto a = static_cast<std::size_t>(index);
      if (!active_[a]) continue;
      // staying and catching collide with oneself; that is PyMARL2's rule for the reward
      const env::Action action = joint_action[a];
      const bool moves = action < kNDirections && at(neighbour(agents_[a], action)) == kFree;
      if (moves) {
        move(agents_[a], action);
      } else {
        reward = plus(reward, options_.reward_collision);
      }
    }
  }

  void move_prey(std::span<const env::Action> joint_action, env::Chance& chance, float& reward) {
    std::iota(prey_order_.begin(), prey_order_.end(), 0);
    chance.shuffle(kPreyOrder, prey_order_);
    for (const int index : prey_order_) {
      const auto p = static_cast<std::size_t>(index);
      if (!alive_[p]) continue;
      const bool is_stag = prey_content(index) == kStag;
      const int n_needed = options_.capture_action_conditions[is_stag ? 0 : 1];
      int n_catchers = 0;
      for (std::size_t a = 0; a < agents_.size(); ++a) {
        if (!catches(a, prey_[p], joint_action)) continue;
        ++n_catchers;
        attempts_.push_back({.hunter = agents_[a], .prey = prey_[p]});
      }
      if (n_catchers >= n_needed) {
        std::for_each_n(attempts_.rbegin(), n_catchers, [](Attempt& a) { a.succeeded = true; });
        reward = plus(reward, is_stag ? options_.reward_stag : options_.reward_hare);
        capture(p, joint_action);
      } else {
        if (n_catchers > 0) reward = plus(reward, options_.miscapture_punishment);
        wander(index, chance);
      }
    }
  }

  bool catches(std::size_t agent, const Cell& prey,
               std::span<const env::Action> joint_action) const {
    return active_[agent] && joint_action[agent] == kCatch && are_neighbours(agents_[agent], prey);
  }

  void capture(std::size_t p, std::span<const env::Action> joint_action) {
    alive_[p] = 0;
    at(prey_[p]) = kFree;
    if (!options_.capture_freezes) return;
    for (std::size_t a = 0; a < agents_.size(); ++a) {
      if (!catches(a, prey_[p], joint_action)) continue;
      active_[a] = 0;
      at(agents_[a]) = kFree;
    }
  }

  void wander(int index, env::Chance& chance) {
    Cell& prey = prey_[static_cast<std::size_t>(index)];
    std::array<int, kNDirections> possible{};
    std::uint32_t n_possible = 0;
    for (int direction = 0; direction < kNDirections; ++direction) {
      if (at(neighbour(prey, direction)) == kFree) possible[n_possible++] = direction;
    }
    if (n_possible == 0) return;
    const double p_rest =
        prey_content(index) == kStag ? options_.p_stags_rest : options_.p_hare_rest;
    if (p_rest > 0 && chance.happens(kRest, index, p_rest)) return;
    move(prey, possible[chance.choose(kWander, index, n_possible)]);
  }

  void move(Cell& entity, int direction) {
    const std::uint8_t content = at(entity);
    at(entity) = kFree;
    entity = neighbour(entity, direction);
    at(entity) = content;
  }

  // Marks what lies in the rectangle with the given corner: out [rows, cols, 3], zero before.
  void mark(const Cell& corner, int rows, int cols, float* out) const {
    for (int row = 0; row < rows; ++row) {
      const std::uint8_t* cell = &grid_[index_of({corner.row + row, corner.col})];
      for (int col = 0; col < cols; ++col, ++cell, out += kNLayers) {
        if (*cell == kFree) continue;
        if (*cell != kOutside) {
          out[*cell - kAgent] = 1;
        } else if (options_.observe_walls) {
          out[0] = -1;
        }
      }
    }
  }

  std::vector<Cell> cells_of(const env::Snapshot& snapshot, const char* name, std::size_t n) const {
    return read_cells(snapshot, name, n, options_.height(), options_.width());
  }

  void put(const Cell& cell, std::uint8_t content) {
    if (at(cell) != kFree) {
      throw Error("snapshot: two entities in the cell [" + std::to_string(cell.row) + ", " +
                  std::to_string(cell.col) + "]");
    }
    at(cell) = content;
  }

  StagHuntOptions options_;
  env::DecPomdpSpec spec_;
  int row_margin_;
  int col_margin_;
  int stride_;
  std::vector<std::uint8_t> grid_;  // Content, with margins
  std::vector<Cell> agents_;
  std::vector<Cell> prey_;            // stags, then hares; the dead keep their last cell
  std::vector<std::uint8_t> active_;  // 0: frozen
  std::vector<std::uint8_t> alive_;
  std::vector<int> agent_order_;
  std::vector<int> prey_order_;
  std::vector<Attempt> attempts_;  // of the last step; for draw() alone
  int step_ = 0;
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  return std::make_unique<StagHunt>(read_options(args));
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  StagHuntOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "stag_hunt",
          .summary = "difficulty-enhanced predator-prey of DCG and PyMARL2: two must catch a stag",
          .make = make,
          .options = options,
          .maps = maps};
}

}  // namespace qtot::envs::stag_hunt
