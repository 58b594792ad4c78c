#include "playback/fake_combat.h"

#include <algorithm>
#include <array>

namespace qtot::test {
namespace {

constexpr std::array<const char*, kFakeAllies> kAllies = {"marine", "marauder", "medivac",
                                                          "stalker", "colossus"};
constexpr std::array<const char*, kFakeEnemies> kEnemies = {
    "zealot", "zergling", "baneling", "spine_crawler", "hydralisk", "stalker", "dragon"};
constexpr double kSight = 9;
constexpr double kRange = 6;

env::DrawnUnit unit(const char* kind, env::Team team, int index, int step) {
  const bool is_ally = team == env::Team::kAllies;
  env::DrawnUnit out;
  out.kind = kind;
  out.team = team;
  const double advance = std::min(step, 12) * 0.33;
  out.x = is_ally ? 8.5 + advance + 0.8 * (index % 2) : 23 - advance - 0.7 * (index % 3);
  out.y = 10.5 + 1.9 * index;
  out.radius = kind == std::string("colossus") ? 0.9 : 0.45;
  out.max_health = 45 + 10 * index;
  out.health = std::max(0.0, out.max_health - std::max(0, step - 8) * (is_ally ? 3.0 : 5.0));
  out.max_shield = index % 2 == 1 ? 80 : 0;
  out.shield = std::max(0.0, out.max_shield - 4.0 * step);
  if (is_ally) {
    out.agent = index;
    out.sight_x = out.sight_y = kSight;
    out.range = kRange;
    out.facing_x = 1;
    out.facing_y = index - 2;
  } else {
    out.label = std::to_string(index);
  }
  if (kind == std::string("medivac")) {
    out.max_energy = 200;
    out.energy = 50 + step;
  }
  if (out.health == 0) out.state = env::UnitState::kDead;
  return out;
}

void add_deed(env::Drawing& out, env::Deed deed, std::size_t from, std::size_t to) {
  const env::DrawnUnit& a = out.units[from];
  const env::DrawnUnit& b = out.units[to];
  if (a.state == env::UnitState::kDead || b.state == env::UnitState::kDead) return;
  out.deeds.push_back({.deed = deed,
                       .team = a.team,
                       .from_x = a.x,
                       .from_y = a.y,
                       .to_x = b.x,
                       .to_y = b.y,
                       .radius = deed == env::Deed::kSplash ? 1.5 : 0});
}

std::vector<std::string> names() {
  std::vector<std::string> out = {"no-op", "stop", "north", "south", "east", "west"};
  for (int enemy = 0; enemy < kFakeEnemies; ++enemy)
    out.push_back("attack " + std::to_string(enemy));
  return out;
}

playback::RecordedSlot slot_of(int step, bool has_q_tot) {
  playback::RecordedSlot slot;
  slot.drawing = fake_drawing(step);
  for (int agent = 0; agent < kFakeAllies; ++agent) {
    const auto index = static_cast<std::size_t>(agent);
    const bool is_dead = slot.drawing->units[index].state == env::UnitState::kDead;
    int chosen = 0;
    for (int action = 0; action < kFakeActions; ++action) {
      const int mixed = (agent * 7 + action * 5 + step * 3) % 17;
      slot.utilities.push_back(static_cast<float>(mixed) * 0.25F - 1);
      const bool can = is_dead ? action == 0 : action > 0 && (action < 6 || step > 6 + action % 3);
      slot.avail.push_back(can ? 1 : 0);
      const auto first = slot.utilities.end() - 1 - action;
      if (can &&
          (slot.avail[slot.avail.size() - 1U - static_cast<std::size_t>(action - chosen)] == 0 ||
           *(slot.utilities.end() - 1) > *(first + chosen))) {
        chosen = action;
      }
    }
    slot.actions.push_back(chosen);
  }
  if (has_q_tot) slot.q_tot = 12 - 0.3F * static_cast<float>(step) + (step % 3 == 0 ? 1.5F : 0);
  return slot;
}

}  // namespace

env::Drawing fake_drawing(int step) {
  env::Drawing out;
  out.width = out.height = 32;
  out.y_is_up = true;
  for (int x = 0; x < 32; ++x) {
    for (int y = 0; y < 32; ++y) {
      const bool is_edge = x < 2 || y < 6 || x > 29 || y > 27;
      const bool is_rock = x > 13 && x < 18 && (y < 10 || y > 23);
      if (is_edge || is_rock)
        out.cells.push_back({.x = x, .y = y, .ground = env::Ground::kWall, .label = ""});
    }
  }
  for (int i = 0; i < kFakeAllies; ++i) {
    out.units.push_back(unit(kAllies[static_cast<std::size_t>(i)], env::Team::kAllies, i, step));
  }
  for (int i = 0; i < kFakeEnemies; ++i) {
    out.units.push_back(unit(kEnemies[static_cast<std::size_t>(i)], env::Team::kEnemies, i, step));
  }
  if (step < 8) return out;
  add_deed(out, env::Deed::kAttack, 0, 6);
  add_deed(out, env::Deed::kAttack, 1, 7);
  add_deed(out, env::Deed::kHeal, 2, 1);
  add_deed(out, env::Deed::kAttack, 9, 3);
  add_deed(out, env::Deed::kAttack, 8, 4);
  if (step % 3 == 0) add_deed(out, env::Deed::kSplash, 7, 2);
  return out;
}

playback::Recording fake_combat(int n_episodes, bool has_q_tot, const std::string& kind) {
  playback::Recording out;
  out.title = "qmix on combat";
  out.checkpoint = "runs/combat/checkpoints/000001000000.qtot";
  out.spec = {.n_agents = kFakeAllies,
              .n_actions = kFakeActions,
              .obs_dim = 1,
              .state_dim = 1,
              .episode_limit = 60};
  for (int e = 0; e < n_episodes; ++e) {
    playback::RecordedEpisode episode;
    episode.ticket = static_cast<core::Ticket>(e);
    episode.action_names.assign(kFakeAllies, names());
    const int length = kFakeLength - 4 * e;
    for (int t = 0; t <= length; ++t) {
      episode.slots.push_back(slot_of(t, has_q_tot));
      episode.slots.back().drawing->units[0].kind = kind;
    }
    for (int t = 0; t < length; ++t) episode.rewards.push_back(t > 8 ? 0.375F : 0);
    for (const float reward : episode.rewards) {
      episode.stats.episode_return += static_cast<double>(reward);
    }
    episode.stats.length = length;
    episode.stats.terminated = true;
    out.episodes.push_back(std::move(episode));
  }
  return out;
}

playback::Recording fake_text() {
  playback::Recording out;
  out.title = "iql on two_step";
  out.spec = {.n_agents = 1, .n_actions = 2, .obs_dim = 1, .state_dim = 1, .episode_limit = 2};
  playback::RecordedEpisode episode;
  episode.action_names = {{"0", "1"}};
  for (int t = 0; t <= 2; ++t) {
    playback::RecordedSlot slot;
    slot.utilities = {0.5F, static_cast<float>(t)};
    slot.avail = {1, 1};
    slot.actions = {t == 0 ? 0 : 1};
    slot.text = "state <b>" + std::to_string(t) + "</b>";
    episode.slots.push_back(slot);
  }
  episode.rewards = {0, 7};
  episode.stats = {.episode_return = 7, .length = 2, .terminated = true};
  out.episodes = {episode};
  return out;
}

}  // namespace qtot::test
