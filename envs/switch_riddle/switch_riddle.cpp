// The switch riddle, or hundred prisoners (Foerster et al., 2016, sec. 6.1), in the rules of JaxMARL: each
// day one of n prisoners, drawn anew, is in a room with a light bulb, through which alone they can speak.
// Who says that everybody has been there sets all free if it is true.
//
//   actions    0 nothing, 1 switch the bulb, 2 tell; all are always available, and those of the agents
//              outside do nothing
//   step       the visitor has been there; its action counts; then the next visitor is drawn, who may be
//              the same
//   reward     1 if somebody tells and all have been in the room, the teller included; -1 if not all have
//   end        telling, or the last of 4 n - 6 days
//   obs        [in the room, bulb is on (0 for those outside)]
//   state      bulb is on, who is in the room one-hot (n), who has been there before this day (n), share
//              of the days that are over

#include <algorithm>
#include <cstddef>

#include "qtot/base/check.h"
#include "qtot/env/env.h"
#include "qtot/env/snapshot.h"

namespace qtot::envs::switch_riddle {
namespace {

enum Site : int { kVisitor = 1 };
enum RiddleAction : env::Action { kNothing, kSwitch, kTell, kNActions };
constexpr int kObsDim = 2;
constexpr int kMaxAgents = 128;
constexpr double kMaxReward = 1e30;  // well inside float

// For 3, 4, 5 prisoners.
std::vector<std::string> maps() {
  return {"riddle_3", "riddle_4", "riddle_5"};
}

struct RiddleOptions {
  std::string map_name = "riddle_3";
  int n_agents = 3;
  bool initial_bulb_state = false;
  double reward_all_live = 1;
  double reward_all_die = -1;
  int episode_limit = 0;
  bool limit_terminates = true;

  void options(config::Options& o) {
    const auto reward = config::between(-kMaxReward, kMaxReward);
    o.add("map_name", map_name, "the riddle for so many prisoners", config::one_of(maps()));
    o.add("n_agents", n_agents, "prisoners", config::between(3, kMaxAgents));
    o.add("initial_bulb_state", initial_bulb_state, "whether the bulb is on at first");
    o.add("reward_all_live", reward_all_live, "for telling when all have been there", reward);
    o.add("reward_all_die", reward_all_die, "for telling too early", reward);
    o.add("episode_limit", episode_limit, "days; 0: four times the prisoners less 6",
          config::between(0, 100000));
    o.add("limit_terminates", limit_terminates,
          "whether the last day ends the riddle (its rule) or is a time limit that bootstraps");
  }
};

class SwitchRiddle final : public env::Env {
 public:
  explicit SwitchRiddle(const RiddleOptions& options)
      : options_(options), has_been_(static_cast<std::size_t>(options.n_agents)) {
    spec_ = {.n_agents = options.n_agents,
             .n_actions = kNActions,
             .obs_dim = kObsDim,
             .state_dim = 2 * options.n_agents + 2,
             .episode_limit = options.episode_limit};
  }

  const env::DecPomdpSpec& spec() const override { return spec_; }

  void reset(env::Chance& chance) override {
    step_ = 0;
    bulb_is_on_ = options_.initial_bulb_state;
    has_told_ = false;
    std::fill(has_been_.begin(), has_been_.end(), std::uint8_t{0});
    draw_visitor(chance);
  }

  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override {
    QTOT_CHECK_EQ(joint_action.size(), has_been_.size());
    QTOT_CHECK(!has_ended());
    for (const env::Action action : joint_action) {
      QTOT_CHECK_GE(action, 0);
      QTOT_CHECK_LT(action, env::Action{kNActions});
    }
    has_been_[visitor_] = 1;
    const env::Action action = joint_action[visitor_];
    if (action == kSwitch) bulb_is_on_ = !bulb_is_on_;
    has_told_ = action == kTell;
    const bool all_live = has_told_ && std::count(has_been_.begin(), has_been_.end(), 0) == 0;
    ++step_;
    draw_visitor(chance);

    const double reward = all_live    ? options_.reward_all_live
                          : has_told_ ? options_.reward_all_die
                                      : 0;
    const bool at_limit = step_ == spec_.episode_limit;
    const bool terminated = has_told_ || (at_limit && options_.limit_terminates);
    return {.reward = static_cast<float>(reward),
            .terminated = terminated,
            .truncated = at_limit && !terminated,
            .won = all_live};
  }

  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    const std::size_t n = has_been_.size();
    QTOT_CHECK_EQ(obs.size(), n * kObsDim);
    QTOT_CHECK_EQ(state.size(), 2 * n + 2);
    QTOT_CHECK_EQ(avail.size(), n * kNActions);
    std::fill(avail.begin(), avail.end(), std::uint8_t{1});
    const float bulb = bulb_is_on_ ? 1.0F : 0.0F;
    state[0] = bulb;
    for (std::size_t a = 0; a < n; ++a) {
      const bool is_in = a == visitor_;
      obs[a * kObsDim] = state[1 + a] = is_in ? 1.0F : 0.0F;
      obs[a * kObsDim + 1] = is_in ? bulb : 0.0F;
      state[1 + n + a] = static_cast<float>(has_been_[a]);
    }
    state[1 + 2 * n] = static_cast<float>(step_) / static_cast<float>(spec_.episode_limit);
  }

  bool has_ended() const override { return has_told_ || step_ == spec_.episode_limit; }

  bool reports_wins() const override { return true; }

  env::Snapshot snapshot() const override {
    return {{"step", {static_cast<double>(step_)}},
            {"bulb", {bulb_is_on_ ? 1.0 : 0.0}},
            {"in_room", {static_cast<double>(visitor_)}},
            {"has_been", {has_been_.begin(), has_been_.end()}},
            {"told", {has_told_ ? 1.0 : 0.0}}};
  }

  void restore(const env::Snapshot& snapshot) override {
    const int step = env::snapshot_integer(snapshot, "step", 0, spec_.episode_limit);
    const int bulb = env::snapshot_integer(snapshot, "bulb", 0, 1);
    const int visitor = env::snapshot_integer(snapshot, "in_room", 0, spec_.n_agents - 1);
    const auto has_been = env::snapshot_integers(snapshot, "has_been", has_been_.size(), 0, 1);
    has_told_ = env::snapshot_integer(snapshot, "told", 0, 1) == 1;
    step_ = step;
    bulb_is_on_ = bulb == 1;
    visitor_ = static_cast<std::size_t>(visitor);
    std::copy(has_been.begin(), has_been.end(), has_been_.begin());
  }

  std::string text() const override {
    std::string been;
    for (const std::uint8_t flag : has_been_) been += flag != 0 ? '1' : '0';
    return "day " + std::to_string(step_) + ", bulb " + (bulb_is_on_ ? "on" : "off") +
           ", in the room " + std::to_string(visitor_) + ", have been " + been +
           (has_told_ ? ", told" : "");
  }

  // The room above, as wide as the row of prisoners, lit when the bulb is on; those who have been there
  // have a full bar.
  bool draw(env::Drawing& out) const override {
    constexpr double kHalfCell = 0.5;
    out = {.width = static_cast<double>(spec_.n_agents),
           .height = 2,
           .has_grid = true,
           .cells = {},
           .units = {},
           .deeds = {}};
    for (int a = 0; a < spec_.n_agents; ++a) {
      out.cells.push_back({a, 0, bulb_is_on_ ? env::Ground::kGoal : env::Ground::kMark, ""});
      const auto agent = static_cast<std::size_t>(a);
      env::DrawnUnit unit;
      unit.x = a + kHalfCell;
      unit.y = agent == visitor_ ? kHalfCell : 1 + kHalfCell;
      unit.radius = 0.28;
      unit.team = env::Team::kAllies;
      unit.kind = "prisoner";
      unit.agent = a;
      unit.energy = has_been_[agent];
      unit.max_energy = 1;
      out.units.push_back(unit);
    }
    return true;
  }

  std::string action_name(int, env::Action action) const override {
    QTOT_CHECK(action >= 0 && action < env::Action{kNActions});
    return action == kNothing ? "nothing" : action == kSwitch ? "switch" : "tell";
  }

 private:
  void draw_visitor(env::Chance& chance) {
    visitor_ = chance.choose(kVisitor, 0, static_cast<std::uint32_t>(spec_.n_agents));
  }

  RiddleOptions options_;
  env::DecPomdpSpec spec_;
  int step_ = 0;
  bool bulb_is_on_ = false;
  bool has_told_ = false;
  std::size_t visitor_ = 0;
  std::vector<std::uint8_t> has_been_;
};

std::unique_ptr<env::Env> make(const config::Map& args) {
  RiddleOptions options;
  if (const config::Value* value = config::find(args, "map_name")) {
    const auto* name = std::get_if<std::string>(&value->data);
    const std::vector<std::string> known = maps();
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (name != nullptr && *name == known[i]) options.n_agents = 3 + static_cast<int>(i);
    }
  }
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment switch_riddle");
  if (options.episode_limit == 0) options.episode_limit = 4 * options.n_agents - 6;
  return std::make_unique<SwitchRiddle>(options);
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  RiddleOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily family() {
  return {.name = "switch_riddle",
          .summary = "hundred prisoners: tell when everybody has seen the room with the bulb",
          .make = make,
          .options = options,
          .maps = maps};
}

}  // namespace qtot::envs::switch_riddle
