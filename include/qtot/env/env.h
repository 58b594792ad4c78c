#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "qtot/config/options.h"
#include "qtot/core/dec_pomdp_spec.h"
#include "qtot/env/chance.h"
#include "qtot/env/drawing.h"

namespace qtot::env {

using core::Action;
using core::DecPomdpSpec;

/// What a joint action led to. At most one of the two flags is set: `terminated` when the rules ended
/// the episode, `truncated` when only the time limit did, so that the next state still has a value.
/// `won` may be set with `terminated` alone, and only where Env::reports_wins().
struct StepResult {
  float reward = 0;  // of the team
  bool terminated = false;
  bool truncated = false;
  bool won = false;  // the step ended the episode, and the team has won
};

/// The full internal state of an environment by named arrays, in the names and order of the
/// recordings (docs/adding_an_environment.md). Doubles hold every integer and float exactly.
using Snapshot = std::vector<std::pair<std::string, std::vector<double>>>;

/// A Dec-POMDP. Deterministic but for `chance`; knows no clock, no thread, no global state. After
/// reset() and after each step() the caller may observe() any number of times.
class Env {
 public:
  virtual ~Env() = default;

  virtual const DecPomdpSpec& spec() const = 0;

  /// Starts an episode.
  virtual void reset(Chance& chance) = 0;

  /// Plays one step. Each action must be available; an unavailable or unknown one, or a step after
  /// the end, is a bug in the caller and aborts. joint_action [N].
  virtual StepResult step(std::span<const Action> joint_action, Chance& chance) = 0;

  /// Writes what is seen now into the caller's memory: obs [N * O], state [S], avail [N * A] (0 or 1).
  virtual void observe(std::span<float> obs, std::span<float> state,
                       std::span<std::uint8_t> avail) const = 0;

  /// The rewards of the single agents for the last step [N], where the rules pay each its own and
  /// StepResult::reward is made of them; empty where they pay the team. Valid until the next step.
  virtual std::span<const double> agent_rewards() const { return {}; }

  /// What agent `agent` has of the n_actions and obs_dim of the spec where agents differ: its first
  /// n_actions_of(agent) actions, the others never being available, and the first obs_dim_of(agent)
  /// entries of its observation, the others being 0. The same throughout its life.
  virtual int n_actions_of(int agent) const;
  virtual int obs_dim_of(int agent) const;

  /// Whether the episode is over, terminated or truncated, so that only reset() and restore() may
  /// follow. True of a restored state, too.
  virtual bool has_ended() const = 0;

  /// Whether its episodes can be won, so that the share of won ones is a figure of a run
  /// (battle_won_mean, docs/metrics.md). The same throughout its life.
  virtual bool reports_wins() const { return false; }

  virtual Snapshot snapshot() const = 0;
  /// Inverse of snapshot(). Throws Error that names the array when one is missing or does not fit.
  virtual void restore(const Snapshot& snapshot) = 0;

  /// One line for people: where things stand, for golden playthroughs.
  virtual std::string text() const { return {}; }

  /// A picture of where things stand and of what the last step did, for replays. Overwrites `out`.
  /// Returns false when the environment has no drawing: text() then stands in for it.
  virtual bool draw(Drawing& out) const;

  /// What people call the action: "attack marine 2". May depend on the episode, not on the step.
  virtual std::string action_name(int agent, Action action) const;
};

/// One kind of environment in the registry: of envs/envs.def, or added by add_family().
struct EnvFamily {
  std::string name;     // "stag_hunt"
  std::string summary;  // one line
  /// Builds it from `env_args`. Throws Error for an unknown key or a value that is not allowed.
  std::function<std::unique_ptr<Env>(const config::Map& args)> make;
  /// Lists its options with their defaults.
  std::function<std::vector<config::OptionInfo>()> options;
  /// Names of `env_args.map_name` that stand for a set of arguments; may be empty.
  std::function<std::vector<std::string>()> maps;
};

/// In the order of envs/envs.def; then the added ones.
const std::vector<EnvFamily>& families();

/// Adds a family that is not of this library: of a plugin, or played by another process. To be called
/// before other threads look at the families. Throws Error when the name is taken.
void add_family(EnvFamily family);

/// Throws Error that lists the known names when there is no such family.
const EnvFamily& family(const std::string& name);

/// What a short name stands for.
struct NamedEnv {
  const EnvFamily* family = nullptr;
  config::Map args;
};

/// The family of a short name, and its arguments: those given, and the map that the name may mean.
/// Throws Error as family() does, and for a map_name beside the name of a map.
NamedEnv find_named(const std::string& name, config::Map args = {});

/// The environment of a short name: a family with its defaults ("stag_hunt"), one of the maps of a family
/// ("stag_hunt_small"; the first family that has it), or both ("stag_hunt/stag_hunt_small"), with further
/// arguments. Throws Error as family() and make do, and for a map_name beside the name of a map.
std::unique_ptr<Env> make_named(const std::string& name, config::Map args = {});

}  // namespace qtot::env
