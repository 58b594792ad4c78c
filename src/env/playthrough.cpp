#include "qtot/env/playthrough.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <vector>

#include "qtot/env/uniform_play.h"

namespace qtot::env {
namespace {

constexpr std::size_t kLongVector = 24;  // fits a line of 100 columns

void append(std::string& out, float x) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x);
  out.append(text.data(), end.ptr);
}

void append_numbers(std::string& out, std::span<const float> numbers) {
  const bool is_long = numbers.size() > kLongVector;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (is_long && numbers[i] == 0) continue;
    out += ' ';
    if (is_long) out += std::to_string(i) + ":";
    append(out, numbers[i]);
  }
  out += '\n';
}

class Player {
 public:
  Player(Env& env, std::uint64_t seed)
      : env_(env),
        spec_(env.spec()),
        seed_(seed),
        obs_(size(spec_.n_agents) * size(spec_.obs_dim)),
        state_(size(spec_.state_dim)),
        avail_(size(spec_.n_agents) * size(spec_.n_actions)),
        joint_action_(size(spec_.n_agents)) {}

  std::string play(int max_steps) {
    std::string out;
    PhiloxChance first(seed_, math::Stream::kReset, 0, 0);
    env_.reset(first);
    for (int t = 0;; ++t) {
      append_slot(out, t);
      if (env_.has_ended() || t == max_steps) return out;
      append_step(out, t);
    }
  }

 private:
  static std::size_t size(int n) { return static_cast<std::size_t>(n); }

  void append_slot(std::string& out, int t) {
    env_.observe(obs_, state_, avail_);
    out += "\nt " + std::to_string(t) + "  # " + env_.text() + "\nstate";
    append_numbers(out, state_);
    for (std::size_t a = 0; a < size(spec_.n_agents); ++a) {
      const std::string agent = "[" + std::to_string(a) + "]";
      out += "obs" + agent;
      append_numbers(out, std::span(obs_).subspan(a * size(spec_.obs_dim), size(spec_.obs_dim)));
      out += "avail" + agent;
      for (std::size_t u = 0; u < size(spec_.n_actions); ++u) {
        out += avail_[a * size(spec_.n_actions) + u] != 0 ? " 1" : " 0";
      }
      out += '\n';
    }
  }

  void append_step(std::string& out, int t) {
    const auto step = static_cast<std::uint32_t>(t);
    PhiloxChance acting(seed_, math::Stream::kExploration, 0, step);
    PhiloxChance chance(seed_, math::Stream::kStep, 0, step);
    out += "joint_action";
    for (int agent = 0; agent < spec_.n_agents; ++agent) {
      const auto avail = std::span<const std::uint8_t>(avail_).subspan(
          size(agent) * size(spec_.n_actions), size(spec_.n_actions));
      const Action action = uniform_action(avail, agent, acting);
      joint_action_[size(agent)] = action;
      out += " " + std::to_string(action);
    }
    const StepResult result = env_.step(joint_action_, chance);
    out += "\nreward ";
    append(out, result.reward);
    out += result.terminated ? "\nterminated 1" : "\nterminated 0";
    out += result.truncated ? "\ntruncated 1\n" : "\ntruncated 0\n";
  }

  Env& env_;
  DecPomdpSpec spec_;
  std::uint64_t seed_;
  std::vector<float> obs_;
  std::vector<float> state_;
  std::vector<std::uint8_t> avail_;
  std::vector<Action> joint_action_;
};

}  // namespace

std::string playthrough(Env& env, const std::string& command, std::uint64_t seed, int max_steps) {
  return "# " + command + "\n" + Player(env, seed).play(max_steps);
}

}  // namespace qtot::env
