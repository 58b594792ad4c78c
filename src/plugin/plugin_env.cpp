#include "plugin/plugin_env.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>

#include "plugin/declaration.h"
#include "qtot/base/check.h"
#include "qtot/env/snapshot.h"
#include "qtot/math/fp_environment.h"

namespace qtot::plugin {
namespace {

constexpr const char* kEpisode = "qtot.episode";
constexpr std::int32_t kUnwritten = -1;       // of a flag
constexpr std::uint8_t kUnwrittenMask = 255;  // of avail

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();  // of a number

std::size_t size_of(int n) {
  return static_cast<std::size_t>(n);
}

std::string number_text(double value) {
  std::ostringstream os;
  os << value;
  return os.str();
}

std::string indexed(const std::string& name, std::size_t i) {
  return name + "[" + std::to_string(i) + "]";
}

}  // namespace

PluginEnv::PluginEnv(const qtot_plugin& plugin, std::string file,
                     const std::vector<qtot_plugin_argument>& arguments)
    : plugin_(plugin), file_(std::move(file)), env_(nullptr, plugin.destroy) {
  Sentence error;
  qtot_plugin_env* made = nullptr;
  const std::int32_t status =
      plugin.create(arguments.data(), static_cast<std::uint32_t>(arguments.size()), &made,
                    error.data(), error.size());
  if (status != 0) {
    const std::string why = error.text();
    plugin::fail(file_, "create", why.empty() ? "it refused without a sentence" : why);
  }
  if (made == nullptr) plugin::fail(file_, "create", "it returned no environment and no error");
  env_.reset(made);
  qtot_plugin_sizes sizes{};
  plugin.describe(made, &sizes);
  sizes_ = CheckedSizes::of(sizes, file_);
  const env::DecPomdpSpec& s = sizes_.spec;
  obs_.resize(size_of(s.n_agents) * size_of(s.obs_dim));
  state_.resize(size_of(s.state_dim));
  avail_.resize(size_of(s.n_agents) * size_of(s.n_actions));
  if (sizes_.pays_agents) agent_rewards_.resize(size_of(s.n_agents));
  n_steps_ = s.episode_limit;  // only reset() and restore() may follow
}

void PluginEnv::reset(env::Chance& chance) {
  Sentence error;
  const std::int32_t status =
      plugin_.reset(env_.get(), door_.open(chance), error.data(), error.size());
  door_.close();
  require_done("reset", status, error);
  try {
    math::require_ieee_arithmetic();
  } catch (const Error& changed) {
    fail("reset", changed.what());
  }
  n_steps_ = 0;
  terminated_ = false;
  std::fill(agent_rewards_.begin(), agent_rewards_.end(), 0.0);
  look();
}

env::StepResult PluginEnv::step(std::span<const env::Action> joint_action, env::Chance& chance) {
  QTOT_CHECK_EQ(joint_action.size(), size_of(spec().n_agents));
  QTOT_CHECK(!has_ended());
  for (int agent = 0; agent < spec().n_agents; ++agent) {
    const env::Action action = joint_action[size_of(agent)];
    QTOT_CHECK_GE(action, 0);
    QTOT_CHECK_LT(action, spec().n_actions);
    QTOT_CHECK_EQ(int{avail_[at(agent, action, spec().n_actions)]}, 1);
  }
  std::fill(agent_rewards_.begin(), agent_rewards_.end(), kNan);
  qtot_plugin_step result = {
      .reward = std::numeric_limits<float>::quiet_NaN(),
      .terminated = kUnwritten,
      .won = sizes_.reports_wins ? kUnwritten : 0,
      .agent_rewards = agent_rewards_.empty() ? nullptr : agent_rewards_.data()};
  Sentence error;
  const std::int32_t status = plugin_.step(env_.get(), joint_action.data(), door_.open(chance),
                                           &result, error.data(), error.size());
  door_.close();
  require_done("step", status, error);
  require_step(result);
  ++n_steps_;
  terminated_ = result.terminated == 1;
  look();
  return {.reward = result.reward,
          .terminated = terminated_,
          .truncated = !terminated_ && n_steps_ >= spec().episode_limit,
          .won = result.won == 1};
}

void PluginEnv::observe(std::span<float> obs, std::span<float> state,
                        std::span<std::uint8_t> avail) const {
  QTOT_CHECK_EQ(obs.size(), obs_.size());
  QTOT_CHECK_EQ(state.size(), state_.size());
  QTOT_CHECK_EQ(avail.size(), avail_.size());
  std::copy(obs_.begin(), obs_.end(), obs.begin());
  std::copy(state_.begin(), state_.end(), state.begin());
  std::copy(avail_.begin(), avail_.end(), avail.begin());
}

int PluginEnv::n_actions_of(int agent) const {
  require_agent(agent);
  return sizes_.n_actions_of[size_of(agent)];
}

int PluginEnv::obs_dim_of(int agent) const {
  require_agent(agent);
  return sizes_.obs_dim_of[size_of(agent)];
}

env::Snapshot PluginEnv::snapshot() const {
  std::vector<double> values(sizes_.n_values, kNan);
  plugin_.save(env_.get(), values.data());
  require_done("save", 0, {});
  env::Snapshot out = {{kEpisode, {static_cast<double>(n_steps_), terminated_ ? 1.0 : 0.0}}};
  std::size_t next = 0;
  for (const CheckedSizes::Array& array : sizes_.arrays) {
    std::vector<double> numbers;
    for (std::size_t i = 0; i < array.size; ++i) {
      require_value("save", array, i, values[next]);
      numbers.push_back(values[next++]);
    }
    out.emplace_back(array.name, std::move(numbers));
  }
  return out;
}

void PluginEnv::restore(const env::Snapshot& snapshot) {
  const std::vector<int> episode =
      env::snapshot_integers(snapshot, kEpisode, 2, 0, spec().episode_limit);
  if (episode[1] > std::min(1, episode[0])) {
    throw Error(std::string("snapshot: ") + kEpisode + "[1] = " + std::to_string(episode[1]) +
                " must be 0, or 1 behind a step");
  }
  std::vector<double> values;
  for (const CheckedSizes::Array& array : sizes_.arrays) {
    const std::vector<double>& numbers = env::snapshot_array(snapshot, array.name, array.size);
    for (std::size_t i = 0; i < array.size; ++i) require_value("", array, i, numbers[i]);
    values.insert(values.end(), numbers.begin(), numbers.end());
  }
  Sentence error;
  const std::int32_t status = plugin_.load(env_.get(), values.data(), error.data(), error.size());
  require_done("load", status, error);
  n_steps_ = episode[0];
  terminated_ = episode[1] == 1;
  look();
}

std::string PluginEnv::text() const {
  if (plugin_.text == nullptr) return {};
  Sentence line;
  plugin_.text(env_.get(), line.data(), line.size());
  require_done("text", 0, line);
  return line.text();
}

std::string PluginEnv::action_name(int agent, env::Action action) const {
  if (plugin_.action_name == nullptr) return env::Env::action_name(agent, action);
  Sentence name;
  plugin_.action_name(env_.get(), agent, action, name.data(), name.size());
  require_done("action_name", 0, name);
  const std::string text = name.text();
  if (text.empty()) fail("action_name", "it named action " + std::to_string(action) + " nothing");
  return text;
}

void PluginEnv::fail(const char* entry, const std::string& fault) const {
  plugin::fail(file_, entry, fault, ExitCode::kFailed);
}

void PluginEnv::require_done(const char* entry, std::int32_t status, const Sentence& error) const {
  const char* const fault = door_.take_fault();
  if (*fault != '\0') fail(entry, fault);
  if (status == 0) return;
  const std::string why = error.text();
  fail(entry, why.empty() ? "it failed without a sentence" : why);
}

void PluginEnv::require_flag(const char* entry, std::int32_t flag) const {
  if (flag == 0 || flag == 1) return;
  fail("step", std::string(entry) + " = " + std::to_string(flag) + ", expected 0 or 1" +
                   (flag == kUnwritten ? ": it was not written" : ""));
}

void PluginEnv::require_step(const qtot_plugin_step& result) const {
  if (!std::isfinite(result.reward)) {
    fail("step", "reward = " + number_text(static_cast<double>(result.reward)) +
                     ", expected a finite number");
  }
  require_flag("terminated", result.terminated);
  require_flag("won", result.won);
  if (result.won == 1 && result.terminated == 0) fail("step", "won = 1 without terminated = 1");
  if (result.won == 1 && !sizes_.reports_wins) fail("step", "won = 1 without sizes.reports_wins");
  for (std::size_t a = 0; a < agent_rewards_.size(); ++a) {
    if (std::isfinite(agent_rewards_[a])) continue;
    fail("step", indexed("agent_rewards", a) + " = " + number_text(agent_rewards_[a]) +
                     ", expected a finite number");
  }
}

void PluginEnv::require_value(const char* entry, const CheckedSizes::Array& array, std::size_t i,
                              double value) const {
  const bool has_bounds = array.lowest != 0 || array.highest != 0;
  const double lowest = has_bounds ? array.lowest : -kLargestInteger;
  const double highest = has_bounds ? array.highest : kLargestInteger;
  std::string expected;
  if (!std::isfinite(value)) {
    expected = "expected a finite number";
  } else if ((has_bounds || array.is_integer) && !(lowest <= value && value <= highest)) {
    expected = "expected a number in [" + number_text(lowest) + ", " + number_text(highest) + "]";
  } else if (array.is_integer && static_cast<double>(static_cast<std::int64_t>(value)) != value) {
    expected = "expected an integer";
  } else {
    return;
  }
  const std::string fault = indexed(array.name, i) + " = " + number_text(value) + ", " + expected;
  if (*entry == '\0') throw Error("snapshot: " + fault);
  fail(entry, fault);
}

void PluginEnv::look() {
  // numbers that nobody may leave there
  std::fill(obs_.begin(), obs_.end(), static_cast<float>(kNan));
  std::fill(state_.begin(), state_.end(), static_cast<float>(kNan));
  std::fill(avail_.begin(), avail_.end(), kUnwrittenMask);
  Sentence error;
  const std::int32_t status = plugin_.observe(env_.get(), obs_.data(), state_.data(), avail_.data(),
                                              error.data(), error.size());
  require_done("observe", status, error);
  require_finite("obs", obs_);
  require_finite("state", state_);
  for (int agent = 0; agent < spec().n_agents; ++agent) {
    int n_available = 0;
    for (int u = 0; u < spec().n_actions; ++u) {
      const std::size_t i = at(agent, u, spec().n_actions);
      if (avail_[i] > 1) {
        fail("observe", indexed("avail", i) + " = " + std::to_string(avail_[i]) +
                            ", expected 0 or 1 in every entry");
      }
      if (avail_[i] == 1 && u >= sizes_.n_actions_of[size_of(agent)]) {
        fail("observe", indexed("avail", i) + " = 1, but agent " + std::to_string(agent) +
                            " has no such action");
      }
      n_available += avail_[i];
    }
    if (n_available == 0) {
      fail("observe", "agent " + std::to_string(agent) + " has no available action");
    }
    for (int o = sizes_.obs_dim_of[size_of(agent)]; o < spec().obs_dim; ++o) {
      const std::size_t i = at(agent, o, spec().obs_dim);
      if (obs_[i] != 0) {
        fail("observe", indexed("obs", i) + ": expected 0 behind what agent " +
                            std::to_string(agent) + " observes");
      }
    }
  }
}

void PluginEnv::require_finite(const char* what, const std::vector<float>& numbers) const {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (std::isfinite(numbers[i])) continue;
    fail("observe", indexed(what, i) + " = " + number_text(static_cast<double>(numbers[i])) +
                        ", expected a finite number in every entry");
  }
}

void PluginEnv::require_agent(int agent) const {
  QTOT_CHECK_GE(agent, 0);
  QTOT_CHECK_LT(agent, spec().n_agents);
}

std::size_t PluginEnv::at(int agent, int entry, int per_agent) const {
  return size_of(agent) * size_of(per_agent) + size_of(entry);
}

}  // namespace qtot::plugin
