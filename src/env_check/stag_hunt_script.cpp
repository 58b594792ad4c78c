#include "env_check/stag_hunt_script.h"

#include <algorithm>

#include "envs/stag_hunt/options.h"

namespace qtot::env {
namespace {

namespace stag_hunt = envs::stag_hunt;

struct Choice {
  std::uint32_t n_possible = 0;  // 0: the prey did not move
  std::uint32_t index = 0;
};

class StagHuntScript final : public ScriptedChance {
 public:
  StagHuntScript(std::vector<int> agent_order, std::vector<int> prey_order,
                 std::vector<Choice> choices)
      : agent_order_(std::move(agent_order)),
        prey_order_(std::move(prey_order)),
        choices_(std::move(choices)) {}

  std::uint32_t choose(int site, int prey, std::uint32_t n) override {
    const Choice& choice = choices_[static_cast<std::size_t>(prey)];
    if (site == stag_hunt::kWander && choice.n_possible == n) return choice.index;
    note("prey " + std::to_string(prey) + " chooses among " + std::to_string(n) +
         " directions, recorded " + std::to_string(choice.n_possible));
    return 0;
  }

  bool happens(int, int prey, double) override {
    return choices_[static_cast<std::size_t>(prey)].n_possible == 0;
  }

  void shuffle(int site, std::span<int> items) override {
    const std::vector<int>& order = site == stag_hunt::kAgentOrder ? agent_order_ : prey_order_;
    std::copy(order.begin(), order.end(), items.begin());
  }

 private:
  std::vector<int> agent_order_;
  std::vector<int> prey_order_;
  std::vector<Choice> choices_;  // of each prey
};

std::vector<int> read_order(const Json& u, const char* key, std::size_t n, const Place& place) {
  const std::string what = std::string("u.") + key;
  const std::vector<int> order =
      read_integers(need(u, key, place), what, n, 0, static_cast<int>(n) - 1, place);
  std::vector<int> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < n; ++i) {
    if (sorted[i] != static_cast<int>(i)) place.fail(what + ": expected each index once");
  }
  return order;
}

}  // namespace

std::unique_ptr<ScriptedChance> stag_hunt_script(const Json& /*config*/, const Json& line,
                                                 const DecPomdpSpec& spec, const Snapshot& ours,
                                                 const Place& place) {
  std::size_t n_prey = 0;
  for (const auto& [name, values] : ours) {
    if (name == "alive") n_prey = values.size();
  }
  const Json& u = need(line, "u", place);
  const auto n_agents = static_cast<std::size_t>(spec.n_agents);
  std::vector<int> agent_order = read_order(u, "perm_agents", n_agents, place);
  std::vector<int> prey_order = read_order(u, "perm_prey", n_prey, place);
  const std::vector<int> moves =
      read_integers(need(u, "prey_move", place), "u.prey_move", n_prey, -1, 3, place);

  const Json& drawn = need(u, "choice", place);
  if (!drawn.is_array()) place.fail("u.choice: expected a list");
  std::vector<Choice> choices(n_prey);
  std::size_t n_used = 0;
  for (const int p : prey_order) {
    if (moves[static_cast<std::size_t>(p)] < 0) continue;
    if (n_used == drawn.size()) place.fail("u.choice: shorter than the moves in u.prey_move");
    const auto pair = read_integers(drawn[n_used++], "u.choice", 2, 0, 4, place);
    if (pair[1] >= pair[0]) place.fail("u.choice: expected [n possible, an index below it]");
    choices[static_cast<std::size_t>(p)] = {static_cast<std::uint32_t>(pair[0]),
                                            static_cast<std::uint32_t>(pair[1])};
  }
  if (n_used != drawn.size()) place.fail("u.choice: longer than the moves in u.prey_move");
  return std::make_unique<StagHuntScript>(std::move(agent_order), std::move(prey_order),
                                          std::move(choices));
}

}  // namespace qtot::env
