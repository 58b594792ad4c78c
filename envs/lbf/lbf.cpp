// Level-based foraging (Christianos et al., 2020; lb-foraging v3 of Papoudakis et al., 2021): players
// and foods have levels, and a group of players takes a food when their levels sum to its own.
//
//   field      rows x cols, row 0 in the north; foods never lie on the border nor near each other
//   actions    0 none, 1 north, 2 south, 3 west, 4 east, 5 load
//   allowed    moves within the field into a cell without food (players do not matter); loading
//              beside a food. An action that is not allowed is none.
//   move       all at once: a player enters the cell that it alone wants; players without a move want
//              their own
//   load       the loading players around a food with level f and level sum g: g >= f takes it and
//              pays each  own * f / (g * all food at the start);  else each loses `penalty`
//   end        no food left; the time limit truncates
//   state      the observations of all players, one after the other (EPyMARL)
//
// Quirks of lb-foraging that are the rules here: two players swap cells; and a player whose move
// failed keeps a cell that another, who alone wanted it, enters, so that two may share a cell.
// One that is not: there, players who wait to be placed block the cells where the last episode left
// them. Episodes of qtot depend on their ticket alone.

#include <algorithm>
#include <cstddef>
#include <string>

#include "envs/lbf/field.h"
#include "envs/lbf/options.h"
#include "envs/lbf/picture.h"
#include "envs/lbf/placement.h"
#include "envs/lbf/sight.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::lbf {
namespace {

class Lbf final : public env::Env {
 public:
  explicit Lbf(const LbfOptions& options)
      : options_(options),
        offers_all_(options.mask == "all"),
        takes_mean_(options.common_reward == "mean"),
        placement_(options_),
        field_(options.rows(), options.cols()),
        players_(static_cast<std::size_t>(options.players), Piece{.level = 1}),
        targets_(players_.size()),
        loads_(players_.size()),
        claims_(field_.n_cells()),
        rewards_(players_.size()) {
    foods_.reserve(static_cast<std::size_t>(options.max_num_food));
    attempts_.reserve(players_.size());
    spec_ = {.n_agents = options.players,
             .n_actions = kNActions,
             .obs_dim = obs_dim(options),
             .state_dim = options.players * obs_dim(options),
             .episode_limit = options.episode_limit};
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance& chance) override {
    placement_.draw(chance, players_, foods_);
    begin(0, false);
    food_spawned_ = 0;
    for (const Piece& food : foods_) food_spawned_ += food.level;
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance&) override {
    QTOT_CHECK_EQ(joint_action.size(), players_.size());
    QTOT_CHECK(!has_ended());
    for (const env::Action action : joint_action) {
      QTOT_CHECK_GE(action, 0);
      QTOT_CHECK_LT(action, kNActions);
    }
    std::fill(rewards_.begin(), rewards_.end(), 0.0);
    attempts_.clear();
    move(joint_action);
    load();
    ++step_;

    const bool at_limit = step_ == options_.episode_limit;
    const bool terminated = n_left_ == 0 || (at_limit && options_.limit_terminates);
    is_over_ = terminated || at_limit;
    return {
        .reward = team_reward(), .terminated = terminated, .truncated = at_limit && !terminated};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    const auto dim = static_cast<std::size_t>(spec_.obs_dim);
    QTOT_CHECK_EQ(obs.size(), players_.size() * dim);
    QTOT_CHECK_EQ(state.size(), players_.size() * dim);
    QTOT_CHECK_EQ(avail.size(), players_.size() * kNActions);
    for (std::size_t p = 0; p < players_.size(); ++p) {
      lbf::observe(scene(), p, obs.subspan(p * dim, dim));
    }
    std::copy(obs.begin(), obs.end(), state.begin());
    if (offers_all_) {
      std::fill(avail.begin(), avail.end(), std::uint8_t{1});
      return;
    }
    for (std::size_t p = 0; p < players_.size(); ++p) {
      for (env::Action action = 0; action < kNActions; ++action) {
        avail[p * kNActions + static_cast<std::size_t>(action)] =
            is_allowed(cell_of(players_[p]), action);
      }
    }
  }

  std::span<const double> agent_rewards() const override { return rewards_; }

  bool has_ended() const override { return is_over_; }

  env::Snapshot snapshot() const override {
    env::Snapshot out = {{"step", {static_cast<double>(step_)}},
                         {"field", {}},
                         {"players", {}},
                         {"food_spawned", {static_cast<double>(food_spawned_)}},
                         {"over", {is_over_ ? 1.0 : 0.0}}};
    const auto append = [](const Piece& piece, std::vector<double>& numbers) {
      for (const int x : {piece.row, piece.col, piece.level}) numbers.push_back(x);
    };
    for (const Piece& food : foods_) {
      if (!food.eaten) append(food, out[1].second);
    }
    for (const Piece& player : players_) append(player, out[2].second);
    return out;
  }

  void restore(const env::Snapshot& snapshot) override {
    const int step = env::snapshot_integer(snapshot, "step", 0, options_.episode_limit);
    std::vector<Piece> foods = read_foods(snapshot);
    std::vector<Piece> players = read_pieces(snapshot, "players", players_.size(), kMaxPlayerLevel);
    int left = 0;
    for (const Piece& food : foods) left += food.level;
    const int most = kMaxFoodLevel * options_.max_num_food;
    const int spawned = env::snapshot_integer(snapshot, "food_spawned", left, most);
    const bool is_over = env::snapshot_integer(snapshot, "over", 0, 1) == 1;
    const bool must_be_over = step > 0 && (foods.empty() || step == options_.episode_limit);
    if (is_over != must_be_over) {
      throw Error(std::string("snapshot: over must be ") + (must_be_over ? "1" : "0") +
                  " with this step and field");
    }
    for (const Piece& player : players) {
      for (const Piece& food : foods) {
        if (player.row == food.row && player.col == food.col) {
          throw Error("snapshot: players: one stands in the cell of a food, [" +
                      std::to_string(food.row) + ", " + std::to_string(food.col) + "]");
        }
      }
    }
    foods_.assign(foods.begin(), foods.end());
    players_.assign(players.begin(), players.end());
    food_spawned_ = spawned;
    begin(step, is_over);
  }

  std::string text() const override {
    int left = 0;
    for (const Piece& food : foods_) left += food.eaten ? 0 : food.level;
    std::string out = "step " + std::to_string(step_) + ", food " + std::to_string(left) + " of " +
                      std::to_string(food_spawned_) + ", levels";
    for (const Piece& player : players_) out += " " + std::to_string(player.level);
    return out + ", field " + field_text(scene());
  }

  bool draw(env::Drawing& out) const override {
    lbf::draw(scene(), attempts_, out);
    return true;
  }

  std::string action_name(int, env::Action action) const override {
    return lbf::action_name(action);
  }

 private:
  Scene scene() const { return {options_, players_, foods_}; }
  int cell_of(const Piece& piece) const { return field_.cell(piece.row, piece.col); }

  // Sets up what follows from players_ and foods_.
  void begin(int step, bool is_over) {
    step_ = step;
    is_over_ = is_over;
    n_left_ = static_cast<int>(foods_.size());
    std::fill(rewards_.begin(), rewards_.end(), 0.0);
    attempts_.clear();
    field_.clear();
    for (const Piece& food : foods_) field_[cell_of(food)] = food.level;
  }

  bool is_allowed(int cell, env::Action action) const {
    if (action == kNone) return true;
    if (action == kLoad) return field_.food_beside(cell) != 0;
    return field_[cell + field_.step(action)] == 0;
  }

  void move(std::span<const env::Action> joint_action) {
    for (std::size_t p = 0; p < players_.size(); ++p) {
      const int cell = cell_of(players_[p]);
      const env::Action action = is_allowed(cell, joint_action[p]) ? joint_action[p] : kNone;
      loads_[p] = action == kLoad;
      targets_[p] = cell + field_.step(action);
      ++claims_[static_cast<std::size_t>(targets_[p])];
    }
    for (std::size_t p = 0; p < players_.size(); ++p) {
      if (claims_[static_cast<std::size_t>(targets_[p])] != 1) continue;
      players_[p].row = field_.row(targets_[p]);
      players_[p].col = field_.col(targets_[p]);
    }
    for (const int cell : targets_) claims_[static_cast<std::size_t>(cell)] = 0;
  }

  void load() {
    for (std::size_t p = 0; p < players_.size(); ++p) {
      if (!loads_[p]) continue;
      const int cell = field_.food_beside(cell_of(players_[p]));
      // the group: those that load beside this food; nobody stands beside two, so none has loaded yet
      int sum = 0;
      for (std::size_t q = p; q < players_.size(); ++q) {
        if (joins(q, cell)) sum += players_[q].level;
      }
      const int level = field_[cell];
      const bool succeeds = sum >= level;
      for (std::size_t q = p; q < players_.size(); ++q) {
        if (!joins(q, cell)) continue;
        loads_[q] = 0;
        rewards_[q] = succeeds ? share(players_[q].level, level, sum) : 0.0 - options_.penalty;
        attempts_.push_back({players_[q], field_.row(cell), field_.col(cell), succeeds});
      }
      if (succeeds) take(cell);
    }
  }

  bool joins(std::size_t player, int food) const {
    return loads_[player] && field_.are_neighbours(cell_of(players_[player]), food);
  }

  // One rounding, by the division: the products are whole numbers.
  double share(int own, int level, int sum) const {
    const auto whole = static_cast<double>(static_cast<std::int64_t>(own) * level);
    if (!options_.normalize_reward) return whole;
    return whole / static_cast<double>(static_cast<std::int64_t>(sum) * food_spawned_);
  }

  void take(int cell) {
    field_[cell] = 0;
    --n_left_;
    for (Piece& food : foods_) food.eaten = food.eaten || cell_of(food) == cell;
  }

  float team_reward() const {
    double sum = 0;
    for (const double reward : rewards_) sum += reward;
    return static_cast<float>(takes_mean_ ? sum / static_cast<double>(rewards_.size()) : sum);
  }

  // `n` rows of (row, col, level).
  std::vector<Piece> read_pieces(const env::Snapshot& snapshot, const std::string& name,
                                 std::size_t n, int max_level) const {
    const auto numbers = env::snapshot_integers(
        snapshot, name, 3 * n, 0, std::max({options_.rows() - 1, options_.cols() - 1, max_level}));
    std::vector<Piece> pieces(n);
    for (std::size_t i = 0; i < n; ++i) {
      Piece& piece = pieces[i];
      piece = {.row = numbers[3 * i], .col = numbers[3 * i + 1], .level = numbers[3 * i + 2]};
      if (piece.row >= options_.rows() || piece.col >= options_.cols() || piece.level < 1 ||
          piece.level > max_level) {
        throw Error("snapshot: " + name + "[" + std::to_string(i) +
                    "] must be [row, col, level] on the field, with a level from 1");
      }
    }
    return pieces;
  }

  // As placing leaves them: row by row, inside the border and not too near each other.
  std::vector<Piece> read_foods(const env::Snapshot& snapshot) const {
    const auto most = static_cast<std::size_t>(options_.max_num_food);
    std::size_t n = 0;
    for (const auto& [name, numbers] : snapshot) {
      if (name == "field") n = std::min(numbers.size() / 3, most);
    }
    const std::vector<Piece> foods = read_pieces(snapshot, "field", n, kMaxFoodLevel);
    for (std::size_t i = 0; i < n; ++i) {
      const Piece& food = foods[i];
      if (food.row < 1 || food.row > options_.rows() - 2 || food.col < 1 ||
          food.col > options_.cols() - 2) {
        throw Error("snapshot: field[" + std::to_string(i) + "] lies on the border");
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (is_too_near(food, foods[j])) {
          throw Error("snapshot: field[" + std::to_string(i) + "] lies too near another food");
        }
        if (cell_of(foods[j]) > cell_of(food)) {
          throw Error("snapshot: field must stand row by row");
        }
      }
    }
    return foods;
  }

  LbfOptions options_;
  env::DecPomdpSpec spec_;
  bool offers_all_;
  bool takes_mean_;
  Placement placement_;
  Field field_;
  std::vector<Piece> players_;
  std::vector<Piece> foods_;          // row by row; the eaten ones stay
  std::vector<int> targets_;          // [N] the cell that each player wants
  std::vector<std::uint8_t> loads_;   // [N] 1: loads, and its group has not yet
  std::vector<std::uint8_t> claims_;  // players who want the cell; 0 between steps
  std::vector<double> rewards_;       // [N] of the last step
  std::vector<Attempt> attempts_;     // of the last step; for draw() alone
  int food_spawned_ = 0;              // sum of the levels at the start
  int n_left_ = 0;                    // foods that are not eaten
  int step_ = 0;
  bool is_over_ = false;
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  return std::make_unique<Lbf>(read_options(args));
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  LbfOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "lbf",
          .summary = "level-based foraging: groups whose levels suffice take food together",
          .make = make,
          .options = options,
          .maps = maps};
}

}  // namespace qtot::envs::lbf
