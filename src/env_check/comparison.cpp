#include "env_check/comparison.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace qtot::env {
namespace {

std::size_t size(int n) {
  return static_cast<std::size_t>(n);
}

// Recordings hold the shortest text that reads back to the float32; as a double it is another number.
double as_float(double recorded) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return std::abs(recorded) <= kMax ? static_cast<double>(static_cast<float>(recorded)) : recorded;
}

}  // namespace

std::string number_text(double x) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x);
  return {text.data(), end.ptr};
}

Observed::Observed(const DecPomdpSpec& spec)
    : obs(size(spec.n_agents) * size(spec.obs_dim)),
      global_state(size(spec.state_dim)),
      avail(size(spec.n_agents) * size(spec.n_actions)) {}

void Comparison::compare(const Step& step, const StepResult& result,
                         std::span<const double> agent_rewards) {
  const Tolerance::Field* field = tolerance_.find("r");
  const auto team = static_cast<double>(result.reward);
  const bool of_agents = step.rewards.size() > 1 && agent_rewards.size() == step.rewards.size();
  for (std::size_t i = 0; i < step.rewards.size(); ++i) {
    const double expected = step.rewards[i];
    const double found = of_agents ? agent_rewards[i] : team;
    match("r", field, i, 0, expected, found, (of_agents ? expected : as_float(expected)) == found);
  }
  match_flag("terminated", step.terminated, result.terminated);
  match_flag("truncated", step.truncated, result.truncated);
  if (step.won) match_flag("x.won", *step.won, result.won);
}

void Comparison::compare(const Moment& moment, const Snapshot& state, const Observed& observed) {
  compare(moment.state, state);
  const Tolerance::Field* obs_field = tolerance_.find("obs");
  for (std::size_t i = 0; i < observed.obs.size(); ++i) {
    const auto found = static_cast<double>(observed.obs[i]);
    const double expected = as_float(moment.obs[i]);
    match("obs", obs_field, i, size(spec_.obs_dim), moment.obs[i], found, expected == found);
  }
  const Tolerance::Field* state_field = tolerance_.find("state");
  for (std::size_t i = 0; i < observed.global_state.size(); ++i) {
    const auto found = static_cast<double>(observed.global_state[i]);
    const double expected = as_float(moment.global_state[i]);
    match("state", state_field, i, 0, moment.global_state[i], found, expected == found);
  }
  for (std::size_t i = 0; i < observed.avail.size(); ++i) {
    const double found = observed.avail[i];
    match("avail", nullptr, i, size(spec_.n_actions), moment.avail[i], found,
          moment.avail[i] == found);
  }
}

void Comparison::compare(const Snapshot& theirs, const Snapshot& ours) {
  if (theirs.size() != ours.size()) {
    differ("s", std::to_string(theirs.size()) + " arrays", std::to_string(ours.size()) + " arrays");
  }
  for (const auto& [name, numbers] : theirs) {
    const auto found = std::find_if(ours.begin(), ours.end(), [&name = name](const auto& array) {
      return array.first == name;
    });
    if (found == ours.end() || found->second.size() != numbers.size()) {
      differ("s." + name, std::to_string(numbers.size()) + " numbers",
             found == ours.end() ? "nothing" : std::to_string(found->second.size()) + " numbers");
      continue;
    }
    const Tolerance::Field* field = tolerance_.find("s." + name);
    const std::size_t cols = field != nullptr ? field->weights.size() : 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (std::isnan(numbers[i])) continue;
      match("s." + name, field, i, cols, numbers[i], found->second[i],
            numbers[i] == found->second[i]);
    }
  }
}

// One number. The field is name[i], or with cols > 0 name[i / cols][i % cols].
void Comparison::match(const std::string& name, const Tolerance::Field* field, std::size_t i,
                       std::size_t cols, double expected, double found, bool is_equal) {
  ++n_values;
  const double weight = field != nullptr ? field->weight(i) : 0;
  const bool is_inexact = weight > 0;
  n_inexact += is_inexact;
  if (is_equal) {
    const bool same_bits = std::signbit(expected) == std::signbit(found);  // 0 equals -0
    n_equal += same_bits;
    n_same_bits += is_inexact && same_bits;
    return;
  }
  bool is_beyond = false;
  if (is_inexact) {
    const double error = std::abs(expected - found) * weight;
    max_error =
        std::isfinite(error) ? std::max(max_error, error) : std::numeric_limits<double>::infinity();
    if (error <= field->bound) return;
    is_beyond = true;
  }
  ++(is_beyond ? n_beyond : n_unequal);
  if (!would_keep(is_beyond)) return;
  std::string index = "[" + std::to_string(cols > 0 ? i / cols : i) + "]";
  if (cols > 0) index += "[" + std::to_string(i % cols) + "]";
  keep({name + index, number_text(expected), number_text(found), is_beyond});
}

void Comparison::match_flag(const std::string& name, bool expected, bool found) {
  ++n_values;
  n_equal += expected == found;
  if (expected != found) differ(name, expected ? "1" : "0", found ? "1" : "0");
}

void Comparison::differ(const std::string& field, const std::string& expected,
                        const std::string& found) {
  ++n_unequal;
  keep({field, expected, found, false});
}

void Comparison::allow_nothing_beyond() {
  n_unequal += std::exchange(n_beyond, 0);
  for (Difference& difference : kept) difference.is_beyond = false;
}

// The first that must be equal takes the last place when all are taken.
bool Comparison::would_keep(bool is_beyond) const {
  return kept.size() < n_kept_ || (!is_beyond && n_unequal == 1 && n_kept_ > 0);
}

void Comparison::keep(Difference difference) {
  if (!would_keep(difference.is_beyond)) return;
  if (kept.size() == n_kept_) kept.pop_back();
  kept.push_back(std::move(difference));
}

}  // namespace qtot::env
