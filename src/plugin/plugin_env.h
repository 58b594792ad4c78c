#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin/chance_door.h"
#include "plugin/fault.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"
#include "qtot/env/plugin.h"

namespace qtot::plugin {

/// The sizes that a plugin gave, checked and copied.
struct CheckedSizes {
  env::DecPomdpSpec spec;
  bool reports_wins = false;
  bool pays_agents = false;
  std::vector<int> n_actions_of;  // [N]
  std::vector<int> obs_dim_of;    // [N]
  struct Array {
    std::string name;
    std::size_t size = 0;
    bool is_integer = false;
    double lowest = 0, highest = 0;
  };
  std::vector<Array> arrays;
  std::size_t n_values = 0;  // of all arrays

  /// Throws Error, naming the entry of describe.
  static CheckedSizes of(const qtot_plugin_sizes& sizes, const std::string& file);
};

/// An environment of a plugin. Keeps the time limit: it counts the steps, and truncates. After each change it
/// reads what is to be observed into memory of its own and checks it, so that observe() copies.
///
/// Its snapshot has the array "qtot.episode" (steps, whether the rules have ended it), then the plugin's.
class PluginEnv final : public env::Env {
 public:
  /// Throws Error when the plugin refuses the arguments or gives sizes that cannot be. `plugin` is sound and
  /// stays.
  PluginEnv(const qtot_plugin& plugin, std::string file,
            const std::vector<qtot_plugin_argument>& arguments);

  const env::DecPomdpSpec& spec() const override { return sizes_.spec; }
  void reset(env::Chance& chance) override;
  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override;
  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override;
  std::span<const double> agent_rewards() const override { return agent_rewards_; }
  int n_actions_of(int agent) const override;
  int obs_dim_of(int agent) const override;
  bool has_ended() const override { return terminated_ || n_steps_ >= spec().episode_limit; }
  bool reports_wins() const override { return sizes_.reports_wins; }
  env::Snapshot snapshot() const override;
  void restore(const env::Snapshot& snapshot) override;
  std::string text() const override;
  std::string action_name(int agent, env::Action action) const override;

 private:
  [[noreturn]] void fail(const char* entry, const std::string& fault) const;
  // what a function returned, and whether it asked chance as it should
  void require_done(const char* entry, std::int32_t status, const Sentence& error) const;
  void require_step(const qtot_plugin_step& result) const;
  void require_flag(const char* entry, std::int32_t flag) const;
  void require_value(const char* entry, const CheckedSizes::Array& array, std::size_t i,
                     double value) const;
  void look();  // fills obs_, state_, avail_
  void require_finite(const char* what, const std::vector<float>& numbers) const;
  void require_agent(int agent) const;
  std::size_t at(int agent, int entry, int per_agent) const;

  const qtot_plugin& plugin_;
  std::string file_;
  std::unique_ptr<qtot_plugin_env, void (*)(qtot_plugin_env*)> env_;
  CheckedSizes sizes_;
  mutable ChanceDoor door_;
  int n_steps_ = 0;
  bool terminated_ = false;
  std::vector<float> obs_;             // [N * O]
  std::vector<float> state_;           // [S]
  std::vector<std::uint8_t> avail_;    // [N * A]
  std::vector<double> agent_rewards_;  // [N], or empty
};

}  // namespace qtot::plugin
