#include "envs/lbf/game.h"

#include <algorithm>

namespace qtot::test::lbf {

config::List list(const std::vector<std::int64_t>& numbers) {
  config::List out(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    out[i].data = numbers[i];
    out[i].origin = "test";
  }
  return out;
}

std::unique_ptr<env::Env> make(const Args& args) {
  config::Map map;
  for (const auto& [key, data] : args) map.push_back({key, {data, "command line"}});
  return env::family("lbf").make(map);
}

std::vector<double> array_of(const env::Env& env, const std::string& name) {
  for (const auto& [key, values] : env.snapshot()) {
    if (key == name) return values;
  }
  return {};
}

Game& Game::start(double step, double spawned) {
  args.emplace("field_size", list({rows, cols}));
  args.emplace("players", static_cast<std::int64_t>(players.size()));
  args.emplace("max_num_food", std::max<std::int64_t>(1, std::ssize(foods)));
  env = make(args);
  env::Snapshot s = {
      {"step", {step}}, {"field", {}}, {"players", {}}, {"food_spawned", {spawned}}, {"over", {0}}};
  for (const auto& piece : foods) {
    s[1].second.insert(s[1].second.end(), piece.begin(), piece.end());
    if (spawned == 0) s[3].second[0] += piece[2];
  }
  for (const auto& piece : players) {
    s[2].second.insert(s[2].second.end(), piece.begin(), piece.end());
  }
  env->restore(s);
  return *this;
}

}  // namespace qtot::test::lbf
