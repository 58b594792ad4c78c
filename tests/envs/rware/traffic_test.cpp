// Who may move in a warehouse, case by case, and against a plain rule on crowded floors.

#include <gtest/gtest.h>

#include "floor.h"

namespace qtot {
namespace {

using namespace test::rware;

// Which agents left their cells.
std::vector<int> moved(Floor& floor, const std::vector<env::Action>& joint_action) {
  const auto before = floor.array("agents");
  play(floor, joint_action);
  const auto after = floor.array("agents");
  std::vector<int> agents;
  for (std::size_t a = 0; a < joint_action.size(); ++a) {
    if (before[5 * a] != after[5 * a] || before[5 * a + 1] != after[5 * a + 1]) {
      agents.push_back(static_cast<int>(a));
    }
  }
  return agents;
}

using Agents = std::vector<int>;

TEST(RwareTrafficTest, ForwardGoesWhereTheRobotLooksAndEndsAtTheWall) {
  Floor floor{
      .robots = {{0, 0, kUp}, {9, 5, kRightwards}, {5, 5, kUp}, {3, 9, kDown}, {6, 6, kLeftwards}}};
  EXPECT_EQ(moved(floor.start(), {1, 1, 1, 1, 1}), (Agents{2, 3, 4}));
  EXPECT_EQ(floor.robot(2).y, 4);
  EXPECT_EQ(floor.robot(3).y, 10);
  EXPECT_EQ(floor.robot(4).x, 5);
}

TEST(RwareTrafficTest, TwoCannotSwapAndHoldUpThoseBehindThem) {
  Floor floor{.robots = {{4, 4, kRightwards}, {5, 4, kLeftwards}, {3, 4, kRightwards}}};
  EXPECT_EQ(moved(floor.start(), {1, 1, 1}), Agents{});
}

TEST(RwareTrafficTest, FourInACircleTurnAndNobodyJoinsThem) {
  Floor floor{.robots = {{4, 4, kRightwards},
                         {5, 4, kDown},
                         {5, 5, kLeftwards},
                         {4, 5, kUp},
                         {3, 4, kRightwards}}};
  EXPECT_EQ(moved(floor.start(), {1, 1, 1, 1, 1}), (Agents{0, 1, 2, 3}));
  EXPECT_EQ(floor.robot(0).x, 5);
}

TEST(RwareTrafficTest, AQueueMovesUpBehindItsFirst) {
  Floor floor{.robots = {{2, 0, kRightwards}, {4, 0, kRightwards}, {3, 0, kRightwards}}};
  EXPECT_EQ(moved(floor.start(), {1, 1, 1}), (Agents{0, 1, 2}));
}

TEST(RwareTrafficTest, AQueueWaitsForWhoStandsOrTurns) {
  for (const env::Action action : {kStay, kLeft, kToggle}) {
    Floor floor{.robots = {{2, 0, kRightwards}, {4, 0, kRightwards}, {3, 0, kRightwards}}};
    EXPECT_EQ(moved(floor.start(), {1, action, 1}), Agents{}) << action;
  }
}

TEST(RwareTrafficTest, OfTwoThatWantAFreeCellTheOneWithTheLongerQueueGoes) {
  Floor floor{.robots = {{4, 4, kRightwards}, {6, 4, kLeftwards}, {7, 4, kLeftwards}}};
  EXPECT_EQ(moved(floor.start(), {1, 1, 1}), (Agents{1, 2}));
  Floor alone{.robots = {{4, 4, kRightwards}, {6, 4, kLeftwards}, {7, 4, kLeftwards}}};
  EXPECT_EQ(moved(alone.start(), {1, 1, 0}), (Agents{0}));
}

TEST(RwareTrafficTest, OfEqualQueuesTheLowestIndexGoesFirstSeenFromTheFreeCell) {
  Floor two{.robots = {{6, 4, kLeftwards}, {4, 4, kRightwards}}};
  EXPECT_EQ(moved(two.start(), {1, 1}), Agents{0});
  // agents 1 and 2 stand in front; agent 0 queues behind 2
  Floor front{
      .robots = {{7, 4, kLeftwards}, {4, 4, kRightwards}, {6, 4, kLeftwards}, {3, 4, kRightwards}}};
  EXPECT_EQ(moved(front.start(), {1, 1, 1, 1}), (Agents{1, 3}));
  // a fork behind the first: agents 1 and 2 both want the cell of 0
  Floor fork{.robots = {{4, 4, kRightwards}, {4, 3, kDown}, {3, 4, kRightwards}}};
  EXPECT_EQ(moved(fork.start(), {1, 1, 1}), (Agents{0, 1}));
}

TEST(RwareTrafficTest, DrawnTiesAskEachThatTiesOnceWithItsShare) {
  const std::vector<Robot> around = {{4, 3, kDown}, {5, 4, kLeftwards}, {3, 4, kRightwards}};
  for (const int favourite : {0, 1, 2}) {
    Floor floor{.robots = around, .args = {{"ties", std::string("drawn")}}};
    floor.start();
    Script script;
    script.favourites = {favourite};
    floor.env->step(std::vector<env::Action>{1, 1, 1}, script);
    EXPECT_EQ(floor.robot(static_cast<std::size_t>(favourite)).x, 4);
    EXPECT_EQ(floor.robot(static_cast<std::size_t>(favourite)).y, 4);
    const std::vector<double> odds = {1.0 / 3, 0.5};
    EXPECT_EQ(script.odds,
              std::vector<double>(odds.begin(), odds.begin() + std::min(favourite + 1, 2)));
  }
}

TEST(RwareTrafficTest, WhoCarriesAShelfDoesNotEnterTheCellOfAStandingOne) {
  Floor floor{.robots = {{0, 1, kRightwards, 10}, {0, 2, kRightwards, 0}}};
  EXPECT_EQ(moved(floor.start(), {1, 1}), Agents{1});
  EXPECT_EQ(floor.shelf(10), (std::array{0, 1}));
}

TEST(RwareTrafficTest, AStandingShelfWithARobotThatDoesNotCarryBlocksAsWell) {
  Floor floor{.robots = {{0, 1, kRightwards, 10}, {1, 1, kUp, 0}}};
  EXPECT_EQ(moved(floor.start(), {1, 1}), Agents{1});  // though the robot under it leaves
}

TEST(RwareTrafficTest, WhoCarriesAShelfFollowsOneThatCarries) {
  Floor floor{.robots = {{2, 0, kRightwards, 10}, {3, 0, kRightwards, 11}}};
  EXPECT_EQ(moved(floor.start(), {1, 1}), (Agents{0, 1}));
  EXPECT_EQ(floor.shelf(10), (std::array{3, 0}));
  EXPECT_EQ(floor.shelf(11), (std::array{4, 0}));
}

// The movement rule as it is told: components of the graph of cells, circles, longest chains. Slow.
class PlainTraffic {
 public:
  explicit PlainTraffic(const Floor& floor, const std::vector<env::Action>& joint_action) {
    const auto shelves = floor.array("shelves");
    const std::size_t n_agents = joint_action.size();
    std::map<std::pair<int, int>, int> standing, robots;
    for (std::size_t s = 0; 2 * s < shelves.size(); ++s) {
      standing[{static_cast<int>(shelves[2 * s]), static_cast<int>(shelves[2 * s + 1])}] = 1;
    }
    for (std::size_t a = 0; a < n_agents; ++a) {
      const Robot r = floor.robot(a);
      robots[{r.x, r.y}] = static_cast<int>(a);
      if (r.shelf != 0) standing.erase({r.x, r.y});
    }
    for (std::size_t a = 0; a < n_agents; ++a) {
      const Robot r = floor.robot(a);
      constexpr int kDx[] = {0, 0, -1, 1}, kDy[] = {-1, 1, 0, 0};
      std::pair<int, int> to = {r.x, r.y};
      if (joint_action[a] == kForward) {
        to = {std::clamp(r.x + kDx[r.direction], 0, kWidth - 1),
              std::clamp(r.y + kDy[r.direction], 0, kHeight - 1)};
      }
      if (r.shelf != 0 && standing.contains(to)) to = {r.x, r.y};
      from_.push_back({r.x, r.y});
      to_.push_back(to);
    }
    for (std::size_t a = 0; a < n_agents; ++a) {
      const std::vector<int> chain = chain_from(static_cast<int>(a), robots);
      if (chain.back() == static_cast<int>(a) && chain.size() > 1) {  // in a circle, or alone
        if (chain.size() != 3) goes_.insert(static_cast<int>(a));
        n_circles += chain.size() > 3;
        continue;
      }
      if (robots.contains(to_[static_cast<std::size_t>(chain.back())])) continue;  // behind one
      // reversed, so that a smaller sequence is lower from the free cell backwards
      std::vector<int> reversed(chain.rbegin(), chain.rend());
      std::vector<int>& best = longest_[to_[static_cast<std::size_t>(chain.back())]];
      n_ties += !best.empty() && reversed.size() == best.size();
      if (best.empty() || reversed.size() > best.size() ||
          (reversed.size() == best.size() && reversed < best)) {
        best = reversed;
      }
    }
    for (const auto& [cell, chain] : longest_) goes_.insert(chain.begin(), chain.end());
  }

  std::pair<int, int> cell_after(std::size_t agent) const {
    return goes_.contains(static_cast<int>(agent)) ? to_[agent] : from_[agent];
  }

  static constexpr int kWidth = 10, kHeight = 10;
  int n_circles = 0, n_ties = 0;

 private:
  // From `agent` forwards, until a free cell or an agent that was there before, which ends it.
  std::vector<int> chain_from(int agent, const std::map<std::pair<int, int>, int>& robots) const {
    std::vector<int> chain = {agent};
    for (;;) {
      const auto next = robots.find(to_[static_cast<std::size_t>(chain.back())]);
      if (next == robots.end()) return chain;
      const bool was_there = std::ranges::find(chain, next->second) != chain.end();
      chain.push_back(next->second);
      if (was_there) return chain;
    }
  }

  std::vector<std::pair<int, int>> from_, to_;
  std::map<std::pair<int, int>, std::vector<int>> longest_;
  std::set<int> goes_;
};

TEST(RwareTrafficTest, CrowdsMoveAsByThePlainRule) {
  int n_circles = 0;
  int n_ties = 0;
  for (std::uint64_t board = 0; board < 3000; ++board) {
    // 2 rows of blocks 3 high: 10 x 10 cells; robots carry a shelf or none
    test::StepChance chance(board, 0);
    int n_drawn = 0;
    const auto draw = [&](std::uint32_t n) {
      return static_cast<int>(chance.acting.choose(0, n_drawn++, n));
    };
    Floor floor{.robots = {},
                .args = {{"shelf_rows", std::int64_t{2}}, {"column_height", std::int64_t{3}}}};
    floor.queue = {1};
    std::set<int> taken;
    const int n_agents = 4 + draw(56);
    std::vector<env::Action> joint_action;
    const int n_shelves = 30;
    for (int a = 0; a < n_agents; ++a) {
      int at = draw(100);
      while (taken.contains(at)) at = (at + 1) % 100;
      taken.insert(at);
      floor.robots.push_back({at % 10, at / 10, draw(4), 0, 0});
      joint_action.push_back(draw(8) == 0 ? kStay : kForward);
    }
    // shelves anywhere, on different cells; the robot on the cell of one may carry it
    std::set<int> shelf_cells;
    for (int id = 1; id <= n_shelves; ++id) {
      int at = draw(100);
      while (shelf_cells.contains(at)) at = (at + 1) % 100;
      shelf_cells.insert(at);
      floor.moved_shelves[id] = {at % 10, at / 10};
      for (Robot& r : floor.robots) {
        if (r.x == at % 10 && r.y == at / 10 && draw(2) == 1) r.shelf = id;
      }
    }
    floor.start();
    const PlainTraffic plain(floor, joint_action);
    play(floor, joint_action);
    for (std::size_t a = 0; a < joint_action.size(); ++a) {
      const Robot r = floor.robot(a);
      ASSERT_EQ((std::pair{r.x, r.y}), plain.cell_after(a)) << "board " << board << ", agent " << a;
    }
    n_circles += plain.n_circles;
    n_ties += plain.n_ties;
  }
  EXPECT_GT(n_circles, 100);
  EXPECT_GT(n_ties, 1000);
}

}  // namespace
}  // namespace qtot
