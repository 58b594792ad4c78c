#include "bridge/python_env.h"

#include <algorithm>
#include <array>
#include <limits>

#include "bridge/host_texts.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"
#include "qtot/env/snapshot.h"

namespace qtot::bridge {
namespace {

enum Site { kSeed };  // the only decision that is left to chance; the rest is the child's

constexpr int kSeedParts = 4;  // of 16 bits each
constexpr unsigned kPartBits = 16;

std::size_t size_of(int n) {
  return static_cast<std::size_t>(n);
}

// The host script is one text; main() stands in its last part.
std::string host_script() {
  std::string script;
  for (const char* const name : {"frames", "spaces", "adapters", "host"}) {
    const auto files = host_files();
    const auto found = std::ranges::find(files, name, &TextFile::name);
    QTOT_CHECK(found != files.end());
    script += found->text;
  }
  return script;
}

// Text is hashed with a seed that differs between processes, and orders sets: it is fixed.
ChildCommand command_of(const PythonOptions& options) {
  return {.program = options.python,
          .arguments = {options.python, "-u", "-", std::to_string(Child::kSocketNumber),
                        std::to_string(Child::kLifelineNumber)},
          .input = host_script(),
          .variables = {"PYTHONHASHSEED=0"}};
}

std::string name_of(const PythonOptions& options) {
  return "python environment \"" + printable(options.entry) + "\"";
}

}  // namespace

PythonEnv::PythonEnv(const PythonOptions& options)
    : episode_limit_(options.episode_limit),
      channel_(name_of(options), command_of(options), options.timeout) {
  const std::string request = options.open_request();
  const Bytes reply =
      channel_.ask(Kind::kOpen, bytes_of(request), Kind::kSpec, 0, kMaxTextBytes, "at its start");
  try {
    spec_ = read_spec(reply, episode_limit_);
  } catch (const Error& error) {
    channel_.fail(error.what(), ExitCode::kBadInput);
  }
  const std::size_t n_agents = size_of(spec_.sizes.n_agents);
  rewards_.resize(spec_.n_rewards());
  obs_.resize(n_agents * size_of(spec_.sizes.obs_dim));
  state_.resize(size_of(spec_.sizes.state_dim));
  avail_.resize(n_agents * size_of(spec_.sizes.n_actions));
  request_.resize(std::max(sizeof(std::uint64_t), n_agents * sizeof(env::Action)));
}

void PythonEnv::reset(env::Chance& chance) {
  std::uint64_t seed = 0;
  for (int part = 0; part < kSeedParts; ++part) {
    seed = (seed << kPartBits) | chance.choose(kSeed, part, std::uint32_t{1} << kPartBits);
  }
  begin(seed);
}

void PythonEnv::begin(std::uint64_t seed) {
  has_ended_ = true;  // until the child has answered
  seed_ = seed;
  actions_.clear();
  store(seed, request_.data());
  const std::size_t n_bytes = spec_.slot_bytes();
  const std::uint32_t flags =
      take_slot(channel_.ask(Kind::kReset, Bytes(request_).first(sizeof seed), Kind::kSlot, n_bytes,
                             n_bytes, "at reset"),
                "at reset");
  if (flags != 0) channel_.fail("ended its episode at reset");
  has_ended_ = false;
}

env::StepResult PythonEnv::step(std::span<const env::Action> joint_action, env::Chance&) {
  QTOT_CHECK_EQ(joint_action.size(), size_of(spec_.sizes.n_agents));
  QTOT_CHECK(!has_ended_);
  for (std::size_t agent = 0; agent < joint_action.size(); ++agent) {
    QTOT_CHECK(is_available(agent, joint_action[agent]));
  }
  return play(joint_action);
}

bool PythonEnv::is_available(std::size_t agent, env::Action action) const {
  return action >= 0 && action < spec_.sizes.n_actions &&
         avail_[agent * size_of(spec_.sizes.n_actions) + size_of(action)] == 1;
}

env::StepResult PythonEnv::play(std::span<const env::Action> joint_action) {
  has_ended_ = true;  // until the child has answered
  actions_.insert(actions_.end(), joint_action.begin(), joint_action.end());
  for (std::size_t agent = 0; agent < joint_action.size(); ++agent) {
    store(static_cast<std::uint32_t>(joint_action[agent]), request_.data() + 4 * agent);
  }
  const std::string doing = "at step " + std::to_string(n_steps());
  const std::size_t n_bytes = spec_.slot_bytes();
  const std::uint32_t flags =
      take_slot(channel_.ask(Kind::kStep, Bytes(request_).first(4 * joint_action.size()),
                             Kind::kSlot, n_bytes, n_bytes, doing),
                doing);
  // in agent order, as Env::agent_rewards() promises that the team's is made of them
  double reward = 0;
  for (const double r : rewards_) reward += r;
  env::StepResult result = {.reward = static_cast<float>(reward),
                            .terminated = (flags & kTerminated) != 0,
                            .truncated = (flags & kTruncated) != 0,
                            .won = (flags & kWon) != 0};
  has_ended_ = result.terminated || result.truncated;
  if (!has_ended_ && n_steps() == spec_.sizes.episode_limit) {
    if (!spec_.cuts_episodes) {
      channel_.fail("did not end its episode " + doing +
                    ", which it said is its limit; "
                    "env_args.episode_limit would cut it");
    }
    result.truncated = has_ended_ = true;
  }
  return result;
}

std::uint32_t PythonEnv::take_slot(Bytes reply, const std::string& doing) {
  Slot slot;
  try {
    slot = read_slot(reply, spec_);
  } catch (const Error& error) {
    channel_.fail(error.what() + (" " + doing));
  }
  for (std::size_t k = 0; k < rewards_.size(); ++k) {
    rewards_[k] = load_double(slot.rewards + sizeof(double) * k);
  }
  for (std::size_t k = 0; k < obs_.size(); ++k) {
    obs_[k] = load_float(slot.obs + sizeof(float) * k);
  }
  for (std::size_t k = 0; k < state_.size(); ++k) {
    state_[k] = load_float(slot.state + sizeof(float) * k);
  }
  std::copy_n(slot.avail, avail_.size(), avail_.begin());
  return slot.flags;
}

void PythonEnv::observe(std::span<float> obs, std::span<float> state,
                        std::span<std::uint8_t> avail) const {
  QTOT_CHECK_EQ(obs.size(), obs_.size());
  QTOT_CHECK_EQ(state.size(), state_.size());
  QTOT_CHECK_EQ(avail.size(), avail_.size());
  std::ranges::copy(obs_, obs.begin());
  std::ranges::copy(state_, state.begin());
  std::ranges::copy(avail_, avail.begin());
}

std::span<const double> PythonEnv::agent_rewards() const {
  if (!spec_.has_agent_rewards) return {};
  return rewards_;
}

int PythonEnv::n_actions_of(int agent) const {
  QTOT_CHECK_LT(size_of(agent), spec_.n_actions_of.size());
  return spec_.n_actions_of[size_of(agent)];
}

int PythonEnv::obs_dim_of(int agent) const {
  QTOT_CHECK_LT(size_of(agent), spec_.obs_dim_of.size());
  return spec_.obs_dim_of[size_of(agent)];
}

int PythonEnv::n_steps() const {
  return static_cast<int>(actions_.size() / size_of(spec_.sizes.n_agents));
}

env::Snapshot PythonEnv::snapshot() const {
  std::vector<double> seed;
  for (int part = kSeedParts - 1; part >= 0; --part) {
    constexpr std::uint64_t kMask = (std::uint64_t{1} << kPartBits) - 1;
    seed.push_back(
        static_cast<double>((seed_ >> (kPartBits * static_cast<unsigned>(part))) & kMask));
  }
  return {{"seed", seed}, {"actions", {actions_.begin(), actions_.end()}}};
}

void PythonEnv::restore(const env::Snapshot& snapshot) {
  constexpr int kMaxPart = (1 << kPartBits) - 1;
  std::uint64_t seed = 0;
  for (const int part : env::snapshot_integers(snapshot, "seed", kSeedParts, 0, kMaxPart)) {
    seed = (seed << kPartBits) | static_cast<std::uint64_t>(part);
  }
  const auto found = std::ranges::find(snapshot, "actions", [](const auto& a) { return a.first; });
  const std::size_t n_numbers = found == snapshot.end() ? 0 : found->second.size();
  const std::vector<int> numbers =
      env::snapshot_integers(snapshot, "actions", n_numbers, 0, spec_.sizes.n_actions - 1);
  const std::size_t n_agents = size_of(spec_.sizes.n_agents);
  if (n_numbers % n_agents != 0 || n_numbers / n_agents > size_of(spec_.sizes.episode_limit)) {
    throw Error("snapshot: actions must have " + std::to_string(n_agents) +
                " numbers for each step of an episode, found " + std::to_string(n_numbers));
  }
  begin(seed);
  for (std::size_t at = 0; at < n_numbers; at += n_agents) {
    const std::span<const env::Action> joint_action(numbers.data() + at, n_agents);
    for (std::size_t agent = 0; agent < n_agents; ++agent) {
      if (has_ended_ || !is_available(agent, joint_action[agent])) {
        throw Error("snapshot: actions[" + std::to_string(at + agent) + "] cannot be played there");
      }
    }
    play(joint_action);
  }
}

std::string PythonEnv::text() const {
  return "step " + std::to_string(n_steps()) + (has_ended_ ? ", ended" : "");
}

}  // namespace qtot::bridge
