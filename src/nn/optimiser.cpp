#include "qtot/nn/optimiser.h"

#include <algorithm>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::nn {
namespace {

template <class T>
T decayed(T gradient, T coefficient, T weight_decay, T param) {
  const T clipped = gradient * coefficient;
  if (weight_decay == T(0)) return clipped;
  const T decay = weight_decay * param;
  return clipped + decay;
}

// Plain products and sums, each rounded: PyTorch's eager operations.
template <class T>
T blend(double keep, T old, T addition) {
  const T kept = static_cast<T>(keep) * old;
  const T added = static_cast<T>(1 - keep) * addition;
  return kept + added;
}

template <class T>
void rmsprop_step(const OptimiserConfig& c, T coefficient, std::span<const T> gradient,
                  std::span<T> params, std::span<T> second) {
  const T lr = static_cast<T>(c.lr);
  const T eps = static_cast<T>(c.eps);
  for (std::size_t i = 0; i < params.size(); ++i) {
    const T g = decayed(gradient[i], coefficient, static_cast<T>(c.weight_decay), params[i]);
    second[i] = blend<T>(c.alpha, second[i], g * g);
    const T step = lr * (g / (math::sqrt(second[i]) + eps));
    params[i] = params[i] - step;
  }
}

template <class T>
void adam_step(const OptimiserConfig& c, std::int64_t n, T coefficient, std::span<const T> gradient,
               std::span<T> params, std::span<T> first, std::span<T> second) {
  const double correction1 = 1 - power(c.beta1, n);
  const double correction2 = 1 - power(c.beta2, n);
  const T step_size = static_cast<T>(c.lr / correction1);
  const T root_correction2 = static_cast<T>(math::sqrt(correction2));
  const T eps = static_cast<T>(c.eps);
  for (std::size_t i = 0; i < params.size(); ++i) {
    const T g = decayed(gradient[i], coefficient, static_cast<T>(c.weight_decay), params[i]);
    first[i] = blend<T>(c.beta1, first[i], g);
    second[i] = blend<T>(c.beta2, second[i], g * g);
    const T deviation = math::sqrt(second[i]) / root_correction2 + eps;
    const T step = (step_size * first[i]) / deviation;
    params[i] = params[i] - step;
  }
}

}  // namespace

template <class T>
OptimiserState<T> make_optimiser_state(const OptimiserConfig& config, std::size_t n_params) {
  OptimiserState<T> state;
  if (config.optimiser == "adam") state.first.assign(n_params, T(0));
  state.second.assign(n_params, T(0));
  return state;
}

template <class T>
void optimiser_step(const OptimiserConfig& config, std::int64_t step, T coefficient,
                    std::span<const T> gradient, std::span<T> params, std::span<T> first,
                    std::span<T> second) {
  QTOT_CHECK_EQ(gradient.size(), params.size());
  QTOT_CHECK_EQ(second.size(), params.size());
  if (config.optimiser == "adam") {
    QTOT_CHECK_EQ(first.size(), params.size());
    adam_step(config, step, coefficient, gradient, params, first, second);
  } else {
    QTOT_CHECK_EQ(config.optimiser, "rmsprop");
    rmsprop_step(config, coefficient, gradient, params, second);
  }
}

double clip_coefficient(double norm, double max_norm) {
  return std::min(1.0, max_norm / (norm + 1e-6));
}

double power(double base, std::int64_t n) {
  QTOT_CHECK_GE(n, 0);
  double result = 1;
  for (double square = base; n > 0; n /= 2, square = square * square) {
    if (n % 2 == 1) result = result * square;
  }
  return result;
}

#define QTOT_INSTANTIATE(T)                                                                    \
  template OptimiserState<T> make_optimiser_state<T>(const OptimiserConfig&, std::size_t);     \
  template void optimiser_step<T>(const OptimiserConfig&, std::int64_t, T, std::span<const T>, \
                                  std::span<T>, std::span<T>, std::span<T>);
QTOT_INSTANTIATE(float)
QTOT_INSTANTIATE(double)
#undef QTOT_INSTANTIATE

}  // namespace qtot::nn
