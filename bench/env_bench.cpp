#include "bench/env_bench.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <vector>

#include "bench/clock.h"
#include "bench/synthetic.h"
#include "qtot/env/env.h"

namespace qtot::bench {
namespace {

// Plays at random, episode after episode.
class RandomPlay {
 public:
  explicit RandomPlay(std::unique_ptr<env::Env> env) : env_(std::move(env)) {
    const core::DecPomdpSpec& spec = env_->spec();
    const auto n_agents = static_cast<std::size_t>(spec.n_agents);
    actions_.resize(n_agents);
    obs_.resize(n_agents * static_cast<std::size_t>(spec.obs_dim));
    state_.resize(static_cast<std::size_t>(spec.state_dim));
    avail_.resize(n_agents * static_cast<std::size_t>(spec.n_actions));
    begin_episode();
  }

  const core::DecPomdpSpec& spec() const { return env_->spec(); }
  std::uint64_t n_episodes() const { return ticket_; }

  void play(int n_steps) {
    for (int k = 0; k < n_steps; ++k, ++step_) {
      for (std::size_t n = 0; n < actions_.size(); ++n) actions_[n] = draw_action(n);
      env::PhiloxChance chance(1, math::Stream::kStep, ticket_, step_);
      const env::StepResult result = env_->step(actions_, chance);
      env_->observe(obs_, state_, avail_);
      if (result.terminated || result.truncated) begin_episode();
    }
  }

 private:
  void begin_episode() {
    env::PhiloxChance chance(1, math::Stream::kReset, ++ticket_, 0);
    env_->reset(chance);
    env_->observe(obs_, state_, avail_);
    step_ = 0;
  }

  core::Action draw_action(std::size_t agent) {
    const auto n_actions = static_cast<std::size_t>(env_->spec().n_actions);
    const std::uint8_t* const avail = avail_.data() + agent * n_actions;
    const auto n_available = std::count(avail, avail + n_actions, std::uint8_t{1});
    std::uint32_t left = random_.below(static_cast<std::uint32_t>(n_available));
    std::size_t action = 0;
    for (; avail[action] == 0 || left-- > 0; ++action) {
    }
    return static_cast<core::Action>(action);
  }

  std::unique_ptr<env::Env> env_;
  Random random_;
  std::vector<core::Action> actions_;
  std::vector<float> obs_;
  std::vector<float> state_;
  std::vector<std::uint8_t> avail_;
  std::uint64_t ticket_ = 0;
  std::uint32_t step_ = 0;
};

}  // namespace

EnvReport bench_env(const EnvBenchOptions& options) {
  RandomPlay play(env::make_named(options.env, options.env_args));
  EnvReport report{.options = options, .spec = play.spec()};
  std::vector<double> steps_per_second, by_the_clock;
  constexpr int kWarmUp = 2;
  for (int k = 0; k < kWarmUp + options.n_rounds; ++k) {
    const double start = thread_cpu_seconds();
    const double wall_start = wall_seconds();
    play.play(options.n_steps);
    const double wall = wall_seconds() - wall_start;
    const double seconds = thread_cpu_seconds() - start;
    if (k < kWarmUp) continue;
    steps_per_second.push_back(options.n_steps / seconds);
    by_the_clock.push_back(options.n_steps / wall);
  }
  report.steps_per_second = spread_of(steps_per_second);
  report.by_the_clock = spread_of(by_the_clock);
  const double n_steps = static_cast<double>(options.n_steps) * (kWarmUp + options.n_rounds);
  report.episode_length = n_steps / static_cast<double>(play.n_episodes());
  return report;
}

std::string to_text(const EnvReport& report) {
  std::ostringstream os;
  os.precision(4);
  os << "environment, " << report.options.env << ", " << report.spec.n_agents
     << " agents, random available actions, one core\n"
     << "  speed       " << report.steps_per_second.median << " steps/s (quartiles "
     << report.steps_per_second.lower_quartile << " .. " << report.steps_per_second.upper_quartile
     << ")\n"
     << "  by clock    " << report.by_the_clock.median << " steps/s (quartiles "
     << report.by_the_clock.lower_quartile << " .. " << report.by_the_clock.upper_quartile << ")\n"
     << "  episodes    " << report.episode_length << " steps in the mean\n";
  return os.str();
}

}  // namespace qtot::bench
