#include "qtot/learner/returns.h"
#include "capi/handles.h"

namespace qtot::capi {
namespace {

using math::Index;

constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 30;

[[noreturn]] void refuse(const std::string& fault) {
  throw Error("qtot_lambda_returns: " + fault);
}

void require_fraction(const char* name, double value) {
  if (!(value >= 0 && value <= 1)) {
    refuse(std::string(name) + ": must be in [0, 1], found " + std::to_string(value));
  }
}

std::uint64_t length_of(const std::uint64_t* lengths, std::uint64_t b, std::uint64_t n_steps) {
  if (lengths == nullptr) return n_steps;
  if (lengths[b] > n_steps) {
    refuse("lengths[" + std::to_string(b) + "] is " + std::to_string(lengths[b]) +
           ", but there are " + std::to_string(n_steps) + " steps");
  }
  return lengths[b];
}

// Of an episode of `length` steps in rows of n_steps.
void of_episode(std::uint64_t length, std::uint64_t n_steps, bool is_terminated,
                learner::ReturnWeights<double> weights, const double* rewards,
                const double* next_values, double* returns) {
  const auto n = static_cast<Index>(length);
  learner::lambda_returns<double>(math::view(rewards, n, Index{1}),
                                  math::view(next_values, n, Index{1}),
                                  learner::return_shape(static_cast<int>(length), is_terminated),
                                  weights, math::view(returns, n, Index{1}));
  std::fill(returns + length, returns + n_steps, 0.0);
}

}  // namespace
}  // namespace qtot::capi

qtot_status qtot_lambda_returns(uint64_t n_episodes, uint64_t n_steps, const double* rewards,
                                const double* next_values, const uint8_t* terminated,
                                const uint64_t* lengths, double gamma, double td_lambda,
                                double* returns) {
  namespace capi = qtot::capi;
  return capi::guarded([&] {
    capi::require_fraction("gamma", gamma);
    capi::require_fraction("td_lambda", td_lambda);
    if (n_episodes == 0 || n_steps == 0) return;
    if (n_steps > capi::kMaxSteps || n_episodes > capi::kMaxSteps) {
      capi::refuse("at most 2^30 episodes and steps are allowed");
    }
    capi::require(rewards, "qtot_lambda_returns", "rewards");
    capi::require(next_values, "qtot_lambda_returns", "next_values");
    capi::require(terminated, "qtot_lambda_returns", "terminated");
    capi::require(returns, "qtot_lambda_returns", "returns");
    for (std::uint64_t b = 0; b < n_episodes; ++b) {  // before anything is written
      if (terminated[b] > 1) {
        capi::refuse("terminated[" + std::to_string(b) + "] must be 0 or 1, found " +
                     std::to_string(terminated[b]));
      }
      capi::length_of(lengths, b, n_steps);
    }
    const auto weights = qtot::learner::ReturnWeights<double>::from(gamma, td_lambda);
    for (std::uint64_t b = 0; b < n_episodes; ++b) {
      const std::uint64_t at = b * n_steps;
      capi::of_episode(capi::length_of(lengths, b, n_steps), n_steps, terminated[b] == 1, weights,
                       rewards + at, next_values + at, returns + at);
    }
  });
}
