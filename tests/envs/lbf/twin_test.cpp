// The game against a naive twin: maps in place of fields, rules word by word, no table kept from one
// step to the next. Both are given the same chance and must agree in every number.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <set>

#include "envs/lbf/game.h"
#include "envs/lbf/options.h"

namespace qtot {
namespace {

using namespace test::lbf;
using envs::lbf::LbfOptions;
using test::View;
using Cell = std::pair<int, int>;

struct Forager {
  Cell cell;
  int level = 0;
};

class Twin {
 public:
  explicit Twin(const LbfOptions& options) : o_(options) {}

  std::vector<Forager> players;
  std::map<Cell, int> foods;
  int spawned = 0;

  void reset(env::Chance& chance) {
    players.clear();
    foods.clear();
    place_players(chance);
    place_foods(chance);
    spawned = 0;
    for (const auto& [cell, level] : foods) spawned += level;
  }

  std::vector<double> step(const std::vector<env::Action>& joint_action) {
    std::vector<env::Action> actions = joint_action;
    std::map<Cell, std::vector<std::size_t>> wanted;
    for (std::size_t p = 0; p < players.size(); ++p) {
      if (!allowed(p, actions[p])) actions[p] = kNone;
      wanted[target(players[p].cell, actions[p])].push_back(p);
    }
    for (const auto& [cell, who] : wanted) {
      if (who.size() == 1) players[who[0]].cell = cell;
    }
    std::vector<double> rewards(players.size(), 0.0);
    std::set<std::size_t> loading;
    for (std::size_t p = 0; p < players.size(); ++p) {
      if (actions[p] == kLoad) loading.insert(p);
    }
    while (!loading.empty()) {
      const Cell food = food_beside(players[*loading.begin()].cell);
      std::vector<std::size_t> group;
      int sum = 0;
      for (const std::size_t p : loading) {
        if (distance(players[p].cell, food) != 1) continue;
        group.push_back(p);
        sum += players[p].level;
      }
      for (const std::size_t p : group) {
        loading.erase(p);
        const double own = players[p].level * foods[food];
        rewards[p] = sum < foods[food]     ? 0 - o_.penalty
                     : o_.normalize_reward ? own / static_cast<double>(sum * spawned)
                                           : own;
      }
      if (sum >= foods[food]) foods.erase(food);
    }
    return rewards;
  }

  bool allowed(std::size_t p, env::Action action) const {
    if (action == kNone) return true;
    if (action == kLoad) return food_beside(players[p].cell) != Cell{-1, -1};
    const Cell to = target(players[p].cell, action);
    return on_field(to) && !foods.contains(to);
  }

  std::vector<float> seen_by(std::size_t p) const {
    return o_.grid_observation ? grid(p) : lists(p);
  }

 private:
  static int distance(const Cell& a, const Cell& b) {
    return std::abs(a.first - b.first) + std::abs(a.second - b.second);
  }

  static Cell target(const Cell& from, env::Action action) {
    if (action == kNorth) return {from.first - 1, from.second};
    if (action == kSouth) return {from.first + 1, from.second};
    if (action == kWest) return {from.first, from.second - 1};
    if (action == kEast) return {from.first, from.second + 1};
    return from;
  }

  bool on_field(const Cell& c) const {
    return c.first >= 0 && c.first < o_.rows() && c.second >= 0 && c.second < o_.cols();
  }

  Cell food_beside(const Cell& cell) const {
    for (const env::Action action : {kNorth, kSouth, kWest, kEast}) {
      if (foods.contains(target(cell, action))) return target(cell, action);
    }
    return {-1, -1};
  }

  bool has_player(const Cell& cell) const {
    return std::ranges::any_of(players, [&](const Forager& f) { return f.cell == cell; });
  }

  static std::size_t size(int n) { return static_cast<std::size_t>(n); }

  // In the order that chance gives; where every bound is the same, in the order of the index.
  static std::vector<int> order(env::Chance& chance, int site, int n, const std::vector<int>& low,
                                const std::vector<int>& high) {
    std::vector<int> out(size(n));
    std::iota(out.begin(), out.end(), 0);
    if (std::set(low.begin(), low.end()).size() > 1 ||
        std::set(high.begin(), high.end()).size() > 1) {
      chance.shuffle(site, out);
    }
    return out;
  }

  void place_players(env::Chance& chance) {
    const std::vector<int> bounds = order(chance, envs::lbf::kPlayerBounds, o_.players,
                                          o_.min_player_level, o_.max_player_level);
    for (int p = 0; p < o_.players; ++p) {
      std::vector<Cell> free;
      for (int row = 0; row < o_.rows(); ++row) {
        for (int col = 0; col < o_.cols(); ++col) {
          if (!has_player({row, col})) free.push_back({row, col});
        }
      }
      const auto n = static_cast<std::uint32_t>(free.size());
      const Cell cell = free[chance.choose(envs::lbf::kPlayerCell, p, n)];
      const int low = o_.min_player_level[size(bounds[size(p)])];
      const int high = o_.max_player_level[size(bounds[size(p)])];
      players.push_back({cell, low + draw(chance, envs::lbf::kPlayerLevel, p, high - low + 1)});
    }
  }

  static int draw(env::Chance& chance, int site, int index, int n) {
    return static_cast<int>(chance.choose(site, index, static_cast<std::uint32_t>(n)));
  }

  void place_foods(env::Chance& chance) {
    std::vector<int> levels;
    for (const Forager& player : players) levels.push_back(player.level);
    std::ranges::sort(levels);
    levels.resize(std::min<std::size_t>(levels.size(), 3));
    const int sum = std::accumulate(levels.begin(), levels.end(), 0);
    const std::vector<int> highs = o_.max_food_level.empty()
                                       ? std::vector<int>(size(o_.max_num_food), sum)
                                       : o_.max_food_level;
    const std::vector<int> bounds =
        order(chance, envs::lbf::kFoodBounds, o_.max_num_food, o_.min_food_level, highs);
    int n_placed = 0;
    for (int n = 0; n < 1000 && n_placed < o_.max_num_food; ++n) {
      const int cols = o_.cols() - 2;
      const int cell = draw(chance, envs::lbf::kFoodCell, n, (o_.rows() - 2) * cols);
      const Cell at = {1 + cell / cols, 1 + cell % cols};
      if (has_player(at) || is_crowded(at)) continue;
      const int high = highs[size(bounds[size(n_placed)])];
      const int low = o_.force_coop ? high : o_.min_food_level[size(bounds[size(n_placed)])];
      const int last = o_.food_levels == "inclusive" || low == high ? high : high - 1;
      foods[at] = low;
      if (low < high) foods[at] += draw(chance, envs::lbf::kFoodLevel, n_placed, last - low + 1);
      ++n_placed;
    }
  }

  bool is_crowded(const Cell& at) const {
    for (int by_row = -2; by_row <= 2; ++by_row) {
      for (int by_col = -2; by_col <= 2; ++by_col) {
        const bool in_block = std::abs(by_row) <= 1 && std::abs(by_col) <= 1;
        const bool in_line = by_row == 0 || by_col == 0;
        if ((in_block || in_line) && foods.contains({at.first + by_row, at.second + by_col})) {
          return true;
        }
      }
    }
    return false;
  }

  std::vector<float> lists(std::size_t self) const {
    std::vector<float> out;
    const auto add = [&](int a, int b) {
      out.push_back(static_cast<float>(a));
      out.push_back(static_cast<float>(b));
    };
    const auto [row, col] = players[self].cell;
    const int top = std::max(row - o_.sight, 0);
    const int left = std::max(col - o_.sight, 0);
    for (int r = top; r < std::min(row + o_.sight + 1, o_.rows()); ++r) {
      for (int c = left; c < std::min(col + o_.sight + 1, o_.cols()); ++c) {
        if (!foods.contains({r, c})) continue;
        add(r - top, c - left);
        out.push_back(static_cast<float>(foods.at({r, c})));
      }
    }
    while (out.size() < 3 * size(o_.max_num_food)) {
      add(-1, -1);
      out.push_back(0);
    }
    std::vector<std::size_t> others = {self};
    for (std::size_t p = 0; p < players.size(); ++p) {
      if (p != self) others.push_back(p);
    }
    for (const std::size_t p : others) {
      const int r = players[p].cell.first - top;
      const int c = players[p].cell.second - left;
      if (std::min(r, c) < 0 || std::max(r, c) > 2 * o_.sight) continue;
      add(r, c);
      if (o_.observe_agent_levels) out.push_back(static_cast<float>(players[p].level));
    }
    const std::size_t each = o_.observe_agent_levels ? 3 : 2;
    while (out.size() < 3 * size(o_.max_num_food) + each * players.size()) {
      add(-1, -1);
      if (o_.observe_agent_levels) out.push_back(0);
    }
    return out;
  }

  std::vector<float> grid(std::size_t self) const {
    std::vector<float> out;
    const auto [row, col] = players[self].cell;
    for (int layer = 0; layer < 3; ++layer) {
      for (int r = row - o_.sight; r <= row + o_.sight; ++r) {
        for (int c = col - o_.sight; c <= col + o_.sight; ++c) {
          const Cell cell = {r, c};
          int level = 0;
          for (const Forager& player : players) {
            if (player.cell == cell) level = o_.observe_agent_levels ? player.level : 1;
          }
          const int food = foods.contains(cell) ? foods.at(cell) : 0;
          const bool is_free = on_field(cell) && level == 0 && food == 0;
          out.push_back(static_cast<float>(layer == 0 ? level : layer == 1 ? food : is_free));
        }
      }
    }
    return out;
  }

  const LbfOptions o_;
};

void expect_equal(const env::Env& env, const Twin& twin) {
  std::vector<double> foods, players;
  for (const auto& [cell, level] : twin.foods) {
    for (const int x : {cell.first, cell.second, level}) foods.push_back(x);
  }
  for (const Forager& player : twin.players) {
    for (const int x : {player.cell.first, player.cell.second, player.level}) players.push_back(x);
  }
  ASSERT_EQ(array_of(env, "field"), foods);
  ASSERT_EQ(array_of(env, "players"), players);
  ASSERT_EQ(array_of(env, "food_spawned"), std::vector<double>{static_cast<double>(twin.spawned)});
  const View view(env, 77);
  std::vector<float> obs;
  std::vector<std::uint8_t> avail;
  for (std::size_t p = 0; p < twin.players.size(); ++p) {
    const std::vector<float> seen = twin.seen_by(p);
    obs.insert(obs.end(), seen.begin(), seen.end());
    for (env::Action action = 0; action < 6; ++action) avail.push_back(twin.allowed(p, action));
  }
  ASSERT_EQ(view.obs, obs);
  ASSERT_EQ(view.state, obs);
  ASSERT_EQ(view.avail, avail);
}

struct Case {
  const char* name;
  Args args;

  friend std::ostream& operator<<(std::ostream& os, const Case& c) { return os << c.name; }
};

class LbfTwin : public testing::TestWithParam<Case> {};

TEST_P(LbfTwin, AgreesInEveryNumber) {
  Args args = GetParam().args;
  args.emplace("mask", std::string("game"));
  config::Map map;
  for (const auto& [key, data] : args) map.push_back({key, {data, "test"}});
  const LbfOptions options = envs::lbf::read_options(map);
  const auto env = env::family("lbf").make(map);
  Twin twin(options);
  double paid = 0;
  for (std::uint64_t ticket = 0; ticket < 40; ++ticket) {
    env::PhiloxChance chance(7, math::Stream::kReset, ticket, 0);
    test::reset(*env, ticket);
    twin.reset(chance);
    ASSERT_NO_FATAL_FAILURE(expect_equal(*env, twin)) << "ticket " << ticket;
    for (int t = 0; !env->has_ended(); ++t) {
      test::StepChance draws(ticket, t);
      std::vector<env::Action> joint_action;
      for (int p = 0; p < options.players; ++p) {
        const auto n = static_cast<env::Action>(draws.acting.choose(0, p, 8));
        joint_action.push_back(n < 6 ? n : kLoad);  // also what is forbidden
      }
      const env::StepResult result = env->step(joint_action, draws.rules);
      const std::vector<double> rewards = twin.step(joint_action);
      ASSERT_EQ(std::vector<double>(env->agent_rewards().begin(), env->agent_rewards().end()),
                rewards);
      double sum = 0;
      for (const double reward : rewards) {
        sum += reward;
        paid += std::abs(reward);
      }
      ASSERT_EQ(result.reward, static_cast<float>(sum));
      ASSERT_EQ(result.terminated, twin.foods.empty());
      ASSERT_NO_FATAL_FAILURE(expect_equal(*env, twin)) << "ticket " << ticket << ", step " << t;
    }
  }
  EXPECT_GT(paid, 0) << "nobody loaded anything";
}

Args named(const char* name, Args args = {}) {
  args.emplace("map_name", std::string(name));
  return args;
}

INSTANTIATE_TEST_SUITE_P(
    Games, LbfTwin,
    testing::Values(Case{"coop", named("8x8-2p-2f-coop", {{"episode_limit", std::int64_t{200}}})},
                    Case{"short_sight", named("2s-10x10-3p-3f")},
                    Case{"many_foods", named("15x15-4p-5f")},
                    Case{"crowded", named("5x5-9p-9f-ind")},
                    Case{"old_levels", named("6x6-4p-3f-v2")},
                    Case{"penalty", named("2s-6x6-3p-3f-pen", {{"normalize_reward", false}})},
                    Case{"grid", named("grid-2s-7x7-3p-4f")},
                    Case{"grid_of_all_without_levels",
                         named("grid-5x5-6p-2f", {{"observe_agent_levels", false}})},
                    Case{"oblong", named("6x6-5p-4f", {{"field_size", list({4, 9})},
                                                       {"sight", std::int64_t{3}},
                                                       {"observe_agent_levels", false}})},
                    Case{"bounds", named("6x6-3p-3f", {{"min_player_level", list({1, 2, 4})},
                                                       {"max_player_level", list({1, 3, 5})},
                                                       {"min_food_level", list({1, 2, 3})},
                                                       {"max_food_level", list({1, 4, 9})}})}),
    [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace qtot
