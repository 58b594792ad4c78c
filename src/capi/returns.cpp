#include "qtot/learner/returns.h"
#include "capi/handles.h"
#include "qtot/base/function_ref.h"

namespace qtot::capi {
namespace {

using math::Index;

constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 30;

// The arrays that all returns are made of.
struct Episodes {
  const char* function;
  std::uint64_t n_episodes;
  std::uint64_t n_steps;
  const double* rewards;
  const double* next_values;
  const std::uint8_t* terminated;
  const std::uint64_t* lengths;
  double* returns;

  std::uint64_t length(std::uint64_t b) const { return lengths == nullptr ? n_steps : lengths[b]; }
  bool is_empty() const { return n_episodes == 0 || n_steps == 0; }
};

// Of one episode of `length` steps.
struct Rows {
  std::uint64_t first;  // element of the arrays
  Index length;
  learner::ReturnShape shape;

  template <class T>
  auto of(T* array) const {
    return math::view(array + first, length, Index{1});
  }
};

[[noreturn]] void refuse(const char* function, const std::string& fault) {
  throw Error(std::string(function) + ": " + fault);
}

void require_fraction(const char* function, const char* name, double value) {
  if (value >= 0 && value <= 1) return;
  refuse(function, std::string(name) + ": must be in [0, 1], found " + std::to_string(value));
}

// Before anything is written.
void require_sound(const Episodes& e) {
  if (e.is_empty()) return;
  if (e.n_steps > kMaxSteps || e.n_episodes > kMaxSteps) {
    refuse(e.function, "at most 2^30 episodes and steps are allowed");
  }
  require(e.rewards, e.function, "rewards");
  require(e.next_values, e.function, "next_values");
  require(e.terminated, e.function, "terminated");
  require(e.returns, e.function, "returns");
  for (std::uint64_t b = 0; b < e.n_episodes; ++b) {
    if (e.terminated[b] > 1) {
      refuse(e.function, "terminated[" + std::to_string(b) + "] must be 0 or 1, found " +
                             std::to_string(e.terminated[b]));
    }
    if (e.length(b) > e.n_steps) {
      refuse(e.function, "lengths[" + std::to_string(b) + "] is " + std::to_string(e.length(b)) +
                             ", but there are " + std::to_string(e.n_steps) + " steps");
    }
  }
}

void for_each_episode(const Episodes& e, FunctionRef<void(const Rows&)> compute) {
  for (std::uint64_t b = 0; b < e.n_episodes; ++b) {
    const std::uint64_t length = e.length(b);
    compute({.first = b * e.n_steps,
             .length = static_cast<Index>(length),
             .shape = learner::return_shape(static_cast<int>(length), e.terminated[b] == 1)});
    std::fill(e.returns + b * e.n_steps + length, e.returns + (b + 1) * e.n_steps, 0.0);
  }
}

}  // namespace
}  // namespace qtot::capi

qtot_status qtot_lambda_returns(uint64_t n_episodes, uint64_t n_steps, const double* rewards,
                                const double* next_values, const uint8_t* terminated,
                                const uint64_t* lengths, double gamma, double td_lambda,
                                double* returns) {
  namespace capi = qtot::capi;
  return capi::guarded([&] {
    const capi::Episodes e = {"qtot_lambda_returns", n_episodes, n_steps, rewards,
                              next_values,           terminated, lengths, returns};
    capi::require_fraction(e.function, "gamma", gamma);
    capi::require_fraction(e.function, "td_lambda", td_lambda);
    capi::require_sound(e);
    if (e.is_empty()) return;
    const auto weights = qtot::learner::ReturnWeights<double>::from(gamma, td_lambda);
    capi::for_each_episode(e, [&](const capi::Rows& rows) {
      qtot::learner::lambda_returns<double>(rows.of(rewards), rows.of(next_values), rows.shape,
                                            weights, rows.of(returns));
    });
  });
}

qtot_status qtot_corrected_returns(uint64_t n_episodes, uint64_t n_steps, const double* rewards,
                                   const double* next_values, const double* next_qs,
                                   const double* next_traces, const uint8_t* terminated,
                                   const uint64_t* lengths, double gamma, double* returns) {
  namespace capi = qtot::capi;
  return capi::guarded([&] {
    const capi::Episodes e = {"qtot_corrected_returns",
                              n_episodes,
                              n_steps,
                              rewards,
                              next_values,
                              terminated,
                              lengths,
                              returns};
    capi::require_fraction(e.function, "gamma", gamma);
    capi::require_sound(e);
    if (e.is_empty()) return;
    capi::require(next_qs, e.function, "next_qs");
    capi::require(next_traces, e.function, "next_traces");
    capi::for_each_episode(e, [&](const capi::Rows& rows) {
      qtot::learner::corrected_returns<double>({.rewards = rows.of(rewards),
                                                .next_values = rows.of(next_values),
                                                .next_qs = rows.of(next_qs),
                                                .next_traces = rows.of(next_traces)},
                                               rows.shape, gamma, rows.of(returns));
    });
  });
}

qtot_status qtot_n_step_returns(uint64_t n_episodes, uint64_t n_steps, const double* rewards,
                                const double* next_values, const uint8_t* terminated,
                                const uint64_t* lengths, double gamma, uint64_t n_step,
                                double* returns) {
  namespace capi = qtot::capi;
  return capi::guarded([&] {
    const capi::Episodes e = {"qtot_n_step_returns", n_episodes, n_steps, rewards,
                              next_values,           terminated, lengths, returns};
    capi::require_fraction(e.function, "gamma", gamma);
    if (n_step < 1) capi::refuse(e.function, "n_step: must be at least 1, found 0");
    capi::require_sound(e);
    if (e.is_empty()) return;
    const auto n = static_cast<int>(std::min(n_step, n_steps));  // no episode is longer
    capi::for_each_episode(e, [&](const capi::Rows& rows) {
      qtot::learner::n_step_returns<double>(rows.of(rewards), rows.of(next_values), rows.shape, n,
                                            gamma, rows.of(returns));
    });
  });
}
