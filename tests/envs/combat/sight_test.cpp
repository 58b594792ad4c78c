#include "envs/combat/sight.h"
#include "qtot/math/elementary.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace qtot::envs::combat {
namespace {

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

// While enemies come, fight and kill those who stand.
TEST(CombatSight, WritesAsAvailableWhatIsAvailable) {
  constexpr int kTicks = 400;
  for (const Rules rules : {Rules::kFixed, Rules::kCompat}) {
    for (const std::string& name : map_names()) {
      const CombatMap map = named_map(name);
      if (map.scenario) continue;  // its units are drawn, not placed
      Battle battle(map, rules);
      battle.begin(place(map));
      Sight sight(map, rules);
      sight.number_units(battle);
      const Layout& layout = sight.layout();
      const std::vector<env::Action> last_actions(size(layout.n_agents), kNobody);
      std::vector<float> obs(size(layout.n_agents * layout.obs_dim));
      std::vector<float> state(size(layout.state_dim));
      std::vector<std::uint8_t> avail(size(layout.n_agents * layout.n_actions));
      for (int t = 0; t < kTicks; ++t) {
        env::PhiloxChance chance(1, math::Stream::kStep, 1, static_cast<std::uint32_t>(t));
        battle.clear_shots();
        battle.tick(0, chance);
        if (t % kTicksPerStep != 0) continue;
        sight.write(battle, last_actions, obs, state, avail);
        for (int i = 0; i < layout.n_agents * layout.n_actions; ++i) {
          const int agent = i / layout.n_actions, action = i % layout.n_actions;
          ASSERT_EQ(avail[size(i)] != 0, sight.is_available(battle, agent, action))
              << name << ", tick " << t << ", agent " << agent << ", action " << action;
        }
      }
    }
  }
}

}  // namespace
}  // namespace qtot::envs::combat
