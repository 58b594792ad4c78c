#include "env_check/ulp_test.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "qtot/base/error.h"

namespace qtot::env {
namespace {

// The next float away from zero, or towards it. x is finite and, after the move, still has its sign.
double moved(double x, bool outwards) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(x));
  return static_cast<double>(std::bit_cast<float>(outwards ? bits + 1 : bits - 1));
}

bool agrees(Env& env, const Snapshot& start, const Step& step, const Moment& moment,
            const Tolerance& tolerance, ScriptedChance& chance, Observed& observed) {
  const DecPomdpSpec& spec = env.spec();
  try {
    env.restore(start);
  } catch (const Error&) {
    return false;  // moved off the map
  }
  if (env.has_ended()) return false;
  observed.read(env);
  for (std::size_t a = 0; a < step.joint_action.size(); ++a) {
    const auto action = static_cast<std::size_t>(step.joint_action[a]);
    if (observed.avail[a * static_cast<std::size_t>(spec.n_actions) + action] != 1) return false;
  }
  Comparison seen(tolerance, spec, 0);
  const StepResult result = env.step(step.joint_action, chance);
  seen.compare(step, result, env.agent_rewards());
  if (!chance.trouble().empty() || !seen.agrees()) return false;
  observed.read(env);
  seen.compare(moment, env.snapshot(), observed);
  return seen.agrees();
}

}  // namespace

bool passes_ulp_test(Env& env, const Snapshot& start, const Step& step, const Moment& moment,
                     const Tolerance& tolerance,
                     const std::function<std::unique_ptr<ScriptedChance>()>& script) {
  const Tolerance::Nudge& nudge = *tolerance.nudge;
  const std::size_t cols = nudge.columns.size();
  Observed observed(env.spec());
  Snapshot trial = start;
  for (auto& [name, numbers] : trial) {
    if (name != nudge.array) continue;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double x = numbers[i];
      const bool is_alive = numbers[i - i % cols + nudge.alive_column] != 0;
      if (!nudge.columns[i % cols] || !is_alive || !std::isfinite(x) || x == 0) continue;
      for (const bool outwards : {true, false}) {
        numbers[i] = moved(x, outwards);
        const auto chance = script();
        if (agrees(env, trial, step, moment, tolerance, *chance, observed)) return true;
      }
      numbers[i] = x;
    }
  }
  return false;
}

}  // namespace qtot::env
