#include "qtot/env_check/trace_check.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include "env_check/line_reader.h"
#include "env_check/trace_env.h"
#include "env_check/trace_json.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"

namespace qtot::env {
namespace {

std::string number_text(double x) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), x);
  return {text.data(), end.ptr};
}

// Recordings hold the shortest text that reads back to the float32; as a double it is another number.
bool is_float(double recorded, float ours) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return std::abs(recorded) <= kMax && static_cast<float>(recorded) == ours;
}

// What a line records of the moment after it.
struct Moment {
  Snapshot state;
  std::vector<double> obs;           // [N * O]
  std::vector<double> global_state;  // [S]
  std::vector<double> avail;         // [N * A]
};

struct Step {
  std::vector<Action> joint_action;  // [N]
  std::vector<double> rewards;       // one for the team, or one an agent, all equal here
  bool terminated = false;
  bool truncated = false;
};

// One of the two ways in which the file is played.
struct Replay {
  const char* mode;
  bool restores_each_step;
  std::unique_ptr<Env> env;
  bool differs = false;  // from the recording, after the last line
  bool is_lost = false;  // nothing more can be played until the next reset
};

class Checker {
 public:
  explicit Checker(const std::string& path) : lines_(path) { report_.file = path; }

  TraceReport run() {
    std::string line;
    while (lines_.next(line)) {
      place_ = {report_.file, lines_.line_number()};
      if (line.empty()) continue;
      const Json object = parse_line(line, place_);
      const Json& kind = need(object, "k", place_);
      if (kind_ == nullptr) {
        if (kind != "header") place_.fail("expected the header first");
        on_header(object);
      } else if (kind == "reset") {
        on_reset(object);
      } else if (kind == "step") {
        on_step(object);
      } else if (kind == "error") {
        report_.n_abandoned += in_episode_;
        in_episode_ = false;
      } else {
        place_.fail("k: expected reset, step or error");
      }
    }
    if (kind_ == nullptr) throw Error(report_.file + ": empty, expected a recording");
    return report_;
  }

 private:
  void on_header(const Json& header) {
    const Json& name = need(header, "env", place_);
    if (!name.is_string()) place_.fail("env: expected text");
    kind_ = &trace_env(name.get<std::string>(), place_);
    report_.env = kind_->name;
    report_.family = kind_->family;
    const config::Map args = kind_->args(need(header, "config", place_), place_);
    for (Replay& replay : replays_) replay.env = family(kind_->family).make(args);
    spec_ = replays_[0].env->spec();

    const std::array<std::pair<const char*, int>, 4> sizes = {{{"n_agents", spec_.n_agents},
                                                               {"n_actions", spec_.n_actions},
                                                               {"obs", spec_.obs_dim},
                                                               {"state", spec_.state_dim}}};
    for (const auto& [key, ours] : sizes) {
      const double theirs = read_number(need(header, key, place_), key, place_);
      if (theirs != ours) {
        place_.fail(std::string(key) + " = " + number_text(theirs) + ": expected " +
                    std::to_string(ours) + " for this config");
      }
    }
    obs_.resize(size(spec_.n_agents) * size(spec_.obs_dim));
    global_state_.resize(size(spec_.state_dim));
    avail_.resize(size(spec_.n_agents) * size(spec_.n_actions));
  }

  void on_reset(const Json& line) {
    Moment moment = read_moment(line);
    ++report_.n_episodes;
    in_episode_ = true;
    for (Replay& replay : replays_) {
      replay.differs = replay.is_lost = false;
      try {
        replay.env->restore(moment.state);
      } catch (const Error& error) {
        place_.fail(error.what());
      }
      compare(replay, moment);
    }
    before_ = std::move(moment.state);
  }

  void on_step(const Json& line) {
    if (!in_episode_) place_.fail("a step outside an episode");
    const Step step = read_step(line);
    Moment moment = read_moment(line);
    ++report_.n_steps;
    for (Replay& replay : replays_) {
      const auto chance = kind_->script(line, spec_, replay.env->snapshot(), place_);
      if (!make_ready(replay, step)) continue;
      replay.differs = false;
      const StepResult result = replay.env->step(step.joint_action, *chance);
      if (!chance->trouble().empty()) differ(replay, "u", "other outcomes", chance->trouble());
      compare(replay, step, result);
      compare(replay, moment);
    }
    before_ = std::move(moment.state);
    in_episode_ = !step.terminated && !step.truncated;
  }

  // Puts the replay into the state before the step. False when the step cannot be played.
  bool make_ready(Replay& replay, const Step& step) {
    if (replay.is_lost) return false;
    replay.is_lost = true;
    if (replay.restores_each_step || replay.differs) {
      try {
        replay.env->restore(before_);
      } catch (const Error&) {
        return false;  // the line before differed, and was reported
      }
    }
    if (replay.env->has_ended()) {
      differ(replay, "a", "one more step", "the end of the episode");
      return false;
    }
    replay.env->observe(obs_, global_state_, avail_);
    for (std::size_t a = 0; a < step.joint_action.size(); ++a) {
      const auto action = size(step.joint_action[a]);
      if (avail_[a * size(spec_.n_actions) + action] != 0) continue;
      differ(replay, "a[" + std::to_string(a) + "]", "action " + std::to_string(action),
             "it is not available");
      return false;
    }
    replay.is_lost = false;
    return true;
  }

  Step read_step(const Json& line) const {
    Step step;
    const auto n_agents = size(spec_.n_agents);
    for (const int action :
         read_integers(need(line, "a", place_), "a", n_agents, 0, spec_.n_actions - 1, place_)) {
      step.joint_action.push_back(action);
    }
    flatten(need(line, "r", place_), "r", step.rewards, place_);
    if (step.rewards.size() != 1 && step.rewards.size() != n_agents) {
      place_.fail("r: expected one reward, or one for each agent");
    }
    const bool ends = read_integer(need(line, "term", place_), "term", 0, 1, place_) == 1;
    step.truncated = read_integer(need(line, "trunc", place_), "trunc", 0, 1, place_) == 1;
    step.terminated = ends && !step.truncated;
    return step;
  }

  Moment read_moment(const Json& line) const {
    const auto n_agents = size(spec_.n_agents);
    return {
        .state = to_snapshot(*kind_, need(line, "s", place_), place_),
        .obs = read_table(need(line, "obs", place_), "obs", n_agents, size(spec_.obs_dim), place_),
        .global_state =
            read_numbers(need(line, "state", place_), "state", size(spec_.state_dim), place_),
        .avail = read_table(need(line, "avail", place_), "avail", n_agents, size(spec_.n_actions),
                            place_)};
  }

  void compare(Replay& replay, const Step& step, const StepResult& result) {
    for (std::size_t i = 0; i < step.rewards.size(); ++i) {
      match(replay, is_float(step.rewards[i], result.reward), "r", i, 0, step.rewards[i],
            static_cast<double>(result.reward));
    }
    match(replay, step.terminated == result.terminated, "terminated", 0, 0, step.terminated,
          result.terminated);
    match(replay, step.truncated == result.truncated, "truncated", 0, 0, step.truncated,
          result.truncated);
  }

  void compare(Replay& replay, const Moment& moment) {
    compare(replay, moment.state, replay.env->snapshot());
    replay.env->observe(obs_, global_state_, avail_);
    for (std::size_t i = 0; i < obs_.size(); ++i) {
      match(replay, is_float(moment.obs[i], obs_[i]), "obs", i, size(spec_.obs_dim), moment.obs[i],
            static_cast<double>(obs_[i]));
    }
    for (std::size_t i = 0; i < global_state_.size(); ++i) {
      match(replay, is_float(moment.global_state[i], global_state_[i]), "state", i, 0,
            moment.global_state[i], static_cast<double>(global_state_[i]));
    }
    for (std::size_t i = 0; i < avail_.size(); ++i) {
      match(replay, moment.avail[i] == avail_[i], "avail", i, size(spec_.n_actions),
            moment.avail[i], avail_[i]);
    }
  }

  void compare(Replay& replay, const Snapshot& theirs, const Snapshot& ours) {
    if (theirs.size() != ours.size()) {
      differ(replay, "s", std::to_string(theirs.size()) + " arrays",
             std::to_string(ours.size()) + " arrays");
    }
    for (const auto& [name, numbers] : theirs) {
      const std::vector<double>* found = nullptr;
      for (const auto& [key, values] : ours) {
        if (key == name) found = &values;
      }
      if (found == nullptr || found->size() != numbers.size()) {
        differ(replay, "s." + name, std::to_string(numbers.size()) + " numbers",
               found == nullptr ? "nothing" : std::to_string(found->size()) + " numbers");
        continue;
      }
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        match(replay, numbers[i] == (*found)[i], "s." + name, i, 0, numbers[i], (*found)[i]);
      }
    }
  }

  // One comparison. The field is field[i], or with cols > 0 field[i / cols][i % cols].
  void match(Replay& replay, bool is_equal, const std::string& field, std::size_t i,
             std::size_t cols, double expected, double found) {
    ++report_.n_values;
    if (is_equal) return;
    std::string index = "[" + std::to_string(cols > 0 ? i / cols : i) + "]";
    if (cols > 0) index += "[" + std::to_string(i % cols) + "]";
    if (field == "terminated" || field == "truncated") index.clear();
    differ(replay, field + index, number_text(expected), number_text(found));
  }

  void differ(Replay& replay, const std::string& field, const std::string& expected,
              const std::string& found) {
    replay.differs = true;
    ++report_.n_mismatches;
    if (!report_.first) report_.first = {place_.line, replay.mode, field, expected, found};
  }

  static std::size_t size(int n) { return static_cast<std::size_t>(n); }

  LineReader lines_;
  Place place_;
  const TraceEnv* kind_ = nullptr;  // of the header; null until it was read
  DecPomdpSpec spec_;
  std::array<Replay, 2> replays_ = {Replay{"teacher-forced", true, nullptr},
                                    Replay{"free-run", false, nullptr}};
  Snapshot before_;  // recorded on the line before
  bool in_episode_ = false;
  std::vector<float> obs_;
  std::vector<float> global_state_;
  std::vector<std::uint8_t> avail_;
  TraceReport report_;
};

}  // namespace

TraceReport check_trace(const std::string& path) {
  return Checker(path).run();
}

}  // namespace qtot::env
