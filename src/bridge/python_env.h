#pragma once

#include "bridge/channel.h"
#include "bridge/options.h"
#include "bridge/spec.h"
#include "qtot/env/env.h"

namespace qtot::bridge {

/// An environment in a child process; python_envs.h says what it throws.
class PythonEnv final : public env::Env {
 public:
  explicit PythonEnv(const PythonOptions& options);

  const env::DecPomdpSpec& spec() const override { return spec_.sizes; }
  void reset(env::Chance& chance) override;
  env::StepResult step(std::span<const env::Action> joint_action, env::Chance& chance) override;
  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override;
  std::span<const double> agent_rewards() const override;
  int n_actions_of(int agent) const override;
  int obs_dim_of(int agent) const override;
  bool has_ended() const override { return has_ended_; }
  bool reports_wins() const override { return spec_.reports_wins; }
  env::Snapshot snapshot() const override;
  void restore(const env::Snapshot& snapshot) override;
  std::string text() const override;

 private:
  bool is_available(std::size_t agent, env::Action action) const;
  void begin(std::uint64_t seed);
  env::StepResult play(std::span<const env::Action> joint_action);
  std::uint32_t take_slot(Bytes reply, const std::string& doing);
  int n_steps() const;

  int episode_limit_;  // of the options
  Channel channel_;
  PythonSpec spec_;
  std::vector<double> rewards_;      // [R]
  std::vector<float> obs_;           // [N * O]
  std::vector<float> state_;         // [S]
  std::vector<std::uint8_t> avail_;  // [N * A]
  std::vector<std::uint8_t> request_;
  std::uint64_t seed_ = 0;
  std::vector<env::Action> actions_;  // [t * N] since the reset
  bool has_ended_ = true;             // there is no episode yet
};

}  // namespace qtot::bridge
