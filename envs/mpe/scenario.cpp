#include "envs/mpe/scenario.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace qtot::envs::mpe {

std::span<const ScenarioEntry> scenarios() {
  static const std::array<ScenarioEntry, 4> entries = {{
      {"simple_spread",
       {"simple_spread_v3", "pz-mpe-simple-spread-v3"},
       "SimpleSpread-v0",
       {"n_agents", "n_landmarks", "local_ratio"},
       make_simple_spread},
      {"simple_speaker_listener",
       {"simple_speaker_listener_v4", "pz-mpe-simple-speaker-listener-v4"},
       "SimpleSpeakerListener-v0",
       {},
       make_simple_speaker_listener},
      {"simple_reference",
       {"simple_reference_v3", "pz-mpe-simple-reference-v3"},
       "SimpleReference-v0",
       {"local_ratio"},
       make_simple_reference},
      {"simple_tag",
       {"simple_tag_v3", "pz-mpe-simple-tag-v3"},
       "SimpleTag-v0",
       {"prey"},
       make_simple_tag},
  }};
  return entries;
}

const ScenarioEntry* find_scenario(const std::string& name) {
  for (const ScenarioEntry& entry : scenarios()) {
    const std::vector<std::string>& aliases = entry.aliases;
    const bool is_alias = std::find(aliases.begin(), aliases.end(), name) != aliases.end();
    if (name == entry.name || name == entry.gym_name || is_alias) return &entry;
  }
  return nullptr;
}

std::string Scenario::kind(int) const {
  return "agent";
}

env::Team Scenario::team(int) const {
  return env::Team::kAllies;
}

std::string Scenario::landmark_label(const World&, int) const {
  return "L";
}

std::vector<std::pair<int, int>> Scenario::catches(const World&) const {
  return {};
}

float* write(const Point& point, float* out) {
  *out++ = static_cast<float>(point.x);
  *out++ = static_cast<float>(point.y);
  return out;
}

float* write_offsets(std::span<const Point> points, const Point& from, float* out) {
  for (const Point& point : points) {
    *out++ = static_cast<float>(point.x - from.x);
    *out++ = static_cast<float>(point.y - from.y);
  }
  return out;
}

float* write_offsets_of_others(const World& world, int agent, float* out) {
  const std::span<const Point> agents = world.agents();
  const auto a = static_cast<std::size_t>(agent);
  out = write_offsets(agents.first(a), agents[a], out);
  return write_offsets(agents.subspan(a + 1), agents[a], out);
}

float* write_said_by_others(const World& world, int agent, float* out) {
  const auto n_symbols = static_cast<std::size_t>(world.n_symbols());
  const std::size_t own = static_cast<std::size_t>(agent) * n_symbols;
  const std::span<const double> said(world.said);
  for (const double x : said.first(own)) *out++ = static_cast<float>(x);
  for (const double x : said.subspan(own + n_symbols)) *out++ = static_cast<float>(x);
  return out;
}

float* write_colour(int landmark, double bright, double dark, float* out) {
  constexpr int kColours = 3;
  for (int i = 0; i < kColours; ++i) *out++ = static_cast<float>(i == landmark ? bright : dark);
  return out;
}

void share(std::span<double> rewards) {
  double sum = 0;
  for (const double reward : rewards) sum += reward;
  std::fill(rewards.begin(), rewards.end(), sum);
}

}  // namespace qtot::envs::mpe
