#include "qtot/env_check/trace_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "env_check/comparison.h"
#include "env_check/line_reader.h"
#include "env_check/trace_env.h"
#include "env_check/trace_json.h"
#include "env_check/ulp_test.h"
#include "qtot/base/error.h"
#include "qtot/env/env.h"

namespace qtot::env {
namespace {

constexpr double kSmall = 1e-3;  // an error that a few steps may have

// A recorded state, with our own numbers where nothing is recorded.
Snapshot filled(const Snapshot& recorded, const Snapshot& ours) {
  Snapshot out = recorded;
  for (auto& [name, numbers] : out) {
    for (const auto& [key, values] : ours) {
      if (key != name || values.size() != numbers.size()) continue;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (std::isnan(numbers[i])) numbers[i] = values[i];
      }
    }
  }
  return out;
}

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
  Checker(const std::string& path, const TraceOptions& options) : lines_(path), options_(options) {
    report_.file = path;
  }

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
    config_ = need(header, "config", place_);
    report_.family = kind_->family.empty() ? named_family() : kind_->family;
    const config::Map args = kind_->args(config_, place_);
    for (Replay& replay : replays_) replay.env = family(report_.family).make(args);
    spec_ = replays_[0].env->spec();
    for (int agent = 0; agent < spec_.n_agents; ++agent) {
      obs_dims_.push_back(size(replays_[0].env->obs_dim_of(agent)));
    }

    const std::array<std::pair<const char*, int>, 4> sizes = {
        {{"n_agents", spec_.n_agents},
         {"n_actions", spec_.n_actions},
         {"obs", static_cast<int>(obs_dims_[0])},
         {"state", spec_.state_dim}}};
    for (const auto& [key, ours] : sizes) {
      const double theirs = read_number(need(header, key, place_), key, place_);
      if (theirs != ours) {
        place_.fail(std::string(key) + " = " + number_text(theirs) + ": expected " +
                    std::to_string(ours) + " for this config");
      }
    }
    if (kind_->tolerance != nullptr) tolerance_ = kind_->tolerance(config_, spec_, place_);
    if (tolerance_.nudge) report_.positions.emplace();
    observed_ = std::make_unique<Observed>(spec_);
  }

  std::string named_family() const {
    const Json& name = need(config_, "family", place_);
    if (!name.is_string()) place_.fail("config.family: expected text");
    return name.get<std::string>();
  }

  void on_reset(const Json& line) {
    Moment moment = read_moment(line);
    ++report_.n_episodes;
    in_episode_ = true;
    for (Replay& replay : replays_) {
      replay.differs = replay.is_lost = false;
      try {
        replay.env->restore(filled(moment.state, replay.env->snapshot()));
      } catch (const Error& error) {
        place_.fail(error.what());
      }
      Comparison seen = comparison();
      compare(replay, seen, moment);
      seen.allow_nothing_beyond();
      count(replay, seen, false);
    }
    before_ = std::move(moment.state);
  }

  void on_step(const Json& line) {
    if (!in_episode_) place_.fail("a step outside an episode");
    const Step step = read_step(line);
    Moment moment = read_moment(line);
    ++report_.n_steps;
    for (Replay& replay : replays_) {
      const auto chance = script(line, replay.env->snapshot());
      if (!make_ready(replay, step)) continue;
      const Snapshot start = replay.restores_each_step ? replay.env->snapshot() : Snapshot{};
      const StepResult result = replay.env->step(step.joint_action, *chance);
      Comparison seen = comparison();
      if (!chance->trouble().empty()) seen.differ("u", "other outcomes", chance->trouble());
      seen.compare(step, result, replay.env->agent_rewards());
      compare(replay, seen, moment);
      bool is_explained = false;
      if (replay.restores_each_step && tolerance_.nudge && seen.n_beyond > 0) {
        const auto again = [&] { return script(line, start); };
        is_explained = passes_ulp_test(*replay.env, start, step, moment, tolerance_, again);
      }
      count(replay, seen, is_explained);
    }
    if (report_.positions) report_.positions->n_free_steps += !replays_[1].is_lost;
    before_ = std::move(moment.state);
    in_episode_ = !step.terminated && !step.truncated;
    if (!in_episode_ && report_.positions) {
      report_.positions->n_free_episodes += !replays_[1].is_lost;
    }
  }

  std::unique_ptr<ScriptedChance> script(const Json& line, const Snapshot& ours) const {
    return kind_->script(config_, line, spec_, ours, place_);
  }

  // Puts the replay into the state before the step. False when the step cannot be played.
  bool make_ready(Replay& replay, const Step& step) {
    if (replay.is_lost) return false;
    replay.is_lost = true;
    if (replay.restores_each_step || replay.differs) {
      try {
        replay.env->restore(filled(before_, replay.env->snapshot()));
      } catch (const Error& error) {
        if (!replay.differs) differ(replay, "s", "a state that can be restored", error.what());
        return false;  // where the line before differed, that was reported
      }
    }
    if (replay.env->has_ended()) {
      differ(replay, "a", "one more step", "the end of the episode");
      return false;
    }
    observed_->read(*replay.env);
    const auto n_actions = size(spec_.n_actions);
    for (std::size_t a = 0; a < step.joint_action.size(); ++a) {
      const Action action = step.joint_action[a];
      if (observed_->avail[a * n_actions + size(action)] == 1 || kind_->plays_unavailable) continue;
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
    if (const auto extras = line.find("x"); extras != line.end() && extras->contains("won")) {
      const Json& won = (*extras)["won"];
      if (!won.is_boolean()) place_.fail("x.won: expected true or false");
      step.won = won.get<bool>();
    }
    const bool ends = read_integer(need(line, "term", place_), "term", 0, 1, place_) == 1;
    step.truncated = read_integer(need(line, "trunc", place_), "trunc", 0, 1, place_) == 1;
    step.terminated = ends && !step.truncated;
    return step;
  }

  Moment read_moment(const Json& line) const {
    const auto n_agents = size(spec_.n_agents);
    return {.state = to_snapshot(*kind_, config_, line, place_),
            .obs = read_ragged(need(line, "obs", place_), "obs", obs_dims_, size(spec_.obs_dim),
                               place_),
            .global_state =
                read_numbers(need(line, "state", place_), "state", size(spec_.state_dim), place_),
            .avail = read_table(need(line, "avail", place_), "avail", n_agents,
                                size(spec_.n_actions), place_)};
  }

  Comparison comparison() const {
    return {tolerance_, spec_, std::max<std::size_t>(options_.n_listed, 1)};
  }

  void compare(const Replay& replay, Comparison& seen, const Moment& moment) {
    observed_->read(*replay.env);
    seen.compare(moment, replay.env->snapshot(), *observed_);
  }

  void differ(Replay& replay, const std::string& field, const std::string& expected,
              const std::string& found) {
    Comparison seen = comparison();
    seen.differ(field, expected, found);
    count(replay, seen, false);
  }

  // Takes what a line showed into the report. `is_explained`: it passed the one-ulp test.
  void count(Replay& replay, const Comparison& seen, bool is_explained) {
    NumbersReport& numbers = replay.restores_each_step ? report_.forced : report_.free;
    numbers.n_compared += seen.n_values;
    numbers.n_equal += seen.n_equal;
    numbers.max_error = std::max(numbers.max_error, seen.max_error);
    if (tolerance_.nudge && !replay.restores_each_step) {
      count_free_run(replay, seen);
      return;
    }
    report_.n_values += seen.n_values;
    bool is_wrong = seen.n_beyond > 0;
    if (tolerance_.nudge) is_wrong = count_positions(seen, is_explained);
    const long n_mismatches = seen.n_unequal + (is_wrong ? seen.n_beyond : 0);
    report_.n_mismatches += n_mismatches;
    replay.differs = n_mismatches > 0;
    for (const Difference& difference : seen.kept) {
      const TraceMismatch mismatch = {place_.line, replay.mode, difference.field,
                                      difference.expected, difference.found};
      if (!report_.first && (is_wrong || !difference.is_beyond)) report_.first = mismatch;
      if (report_.listed.size() < options_.n_listed) report_.listed.push_back(mismatch);
    }
  }

  // Whether the step is wrong.
  bool count_positions(const Comparison& seen, bool is_explained) {
    PositionReport& positions = *report_.positions;
    positions.n_compared += seen.n_inexact;
    positions.n_same_bits += seen.n_same_bits;
    positions.max_error = std::max(positions.max_error, seen.max_error);
    if (seen.n_beyond == 0) return false;
    const bool is_small = seen.max_error < kSmall;
    ++positions.n_steps_beyond;
    ++(is_explained ? positions.n_ulp_steps
       : is_small   ? positions.n_small_steps
                    : positions.n_wrong_steps);
    return !is_explained && !is_small;
  }

  void count_free_run(Replay& replay, const Comparison& seen) {
    replay.is_lost = replay.is_lost || seen.n_unequal > 0 || !(seen.max_error < kSmall);
  }

  static std::size_t size(int n) { return static_cast<std::size_t>(n); }

  LineReader lines_;
  Place place_;
  const TraceEnv* kind_ = nullptr;  // of the header; null until it was read
  DecPomdpSpec spec_;
  std::array<Replay, 2> replays_ = {Replay{"teacher-forced", true, nullptr},
                                    Replay{"free-run", false, nullptr}};
  Json config_;                        // of the header
  std::vector<std::size_t> obs_dims_;  // of each agent
  Tolerance tolerance_;
  Snapshot before_;  // recorded on the line before
  bool in_episode_ = false;
  std::unique_ptr<Observed> observed_;
  TraceOptions options_;
  TraceReport report_;
};

}  // namespace

bool PositionReport::ok(int n_steps) const {
  constexpr int kStepsPerSmall = 1000;
  return n_wrong_steps == 0 && (n_small_steps <= 1 || n_small_steps * kStepsPerSmall <= n_steps) &&
         enough_within(n_steps_beyond, n_steps);
}

bool enough_within(long n_steps_beyond, long n_steps) {
  constexpr long kStepsPerBeyond = 100;
  return n_steps_beyond <= 1 || n_steps_beyond * kStepsPerBeyond < n_steps;
}

TraceReport check_trace(const std::string& path, const TraceOptions& options) {
  return Checker(path, options).run();
}

}  // namespace qtot::env
