#include "qtot/nn/optimiser.h"

#include <algorithm>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::nn {
namespace {

using math::Sum;

constexpr double kRadamThreshold = 5;  // optax's, of the length of the average

bool has_first_moment(const OptimiserConfig& config) {
  return config.optimiser == "adam" || config.optimiser == "radam";
}

// How weight decay enters, and eps: the part that the optimisers share.
template <class T>
class Rule {
 public:
  Rule(const OptimiserConfig& c, T coefficient)
      : coefficient_(coefficient),
        eps_(static_cast<T>(c.eps)),
        eps_place_(c.eps_place),
        is_decoupled_(c.decoupled_weight_decay),
        decay_(static_cast<T>(c.weight_decay)),
        kept_(static_cast<T>(1 - Sum<T>(c.lr) * c.weight_decay)) {}

  // the gradient to step by; shrinks the parameter itself where the decay is decoupled
  T decayed(T gradient, T& param) const {
    const T clipped = gradient * coefficient_;
    if (decay_ == T(0)) return clipped;
    if (is_decoupled_) {
      param = param * kept_;
      return clipped;
    }
    const T decay = decay_ * param;
    return clipped + decay;
  }

  // sqrt(second) / root_correction + eps, second / correction under the root where eps is
  T deviation(T second, T correction, T root_correction) const {
    switch (eps_place_) {
      case EpsPlace::kOutsideRoot:
        break;
      case EpsPlace::kInsideRoot:
        return math::sqrt(second / correction + eps_);
      case EpsPlace::kInsideRawRoot:
        return math::sqrt(second + eps_) / root_correction;
      case EpsPlace::kBeforeCorrection:
        return (math::sqrt(second) + eps_) / root_correction;
    }
    return math::sqrt(second) / root_correction + eps_;
  }
  T deviation(T second) const {
    const bool is_inside =
        eps_place_ == EpsPlace::kInsideRoot || eps_place_ == EpsPlace::kInsideRawRoot;
    return is_inside ? math::sqrt(second + eps_) : math::sqrt(second) + eps_;
  }

 private:
  T coefficient_;
  T eps_;
  EpsPlace eps_place_;
  bool is_decoupled_;
  T decay_;
  T kept_;
};

// Plain products and sums, each rounded: PyTorch's eager operations.
template <class T>
T blend(Sum<T> keep, T old, T addition) {
  const T kept = static_cast<T>(keep) * old;
  const T added = static_cast<T>(1 - keep) * addition;
  return kept + added;
}

template <class T>
void rmsprop_step(const OptimiserConfig& c, T coefficient, std::span<const T> gradient,
                  std::span<T> params, std::span<T> second) {
  const T lr = static_cast<T>(c.lr);
  const Rule<T> rule(c, coefficient);
  for (std::size_t i = 0; i < params.size(); ++i) {
    const T g = rule.decayed(gradient[i], params[i]);
    second[i] = blend<T>(c.alpha, second[i], g * g);
    const T step = lr * (g / rule.deviation(second[i]));
    params[i] = params[i] - step;
  }
}

// c1 and c2, by which moments that began with 0 are divided.
template <class T>
struct Corrections {
  Sum<T> first = 1;
  Sum<T> second = 1;

  Corrections(const OptimiserConfig& c, std::int64_t n) {
    if (!c.bias_correction) return;
    first = 1 - power(Sum<T>(c.beta1), n);
    second = 1 - power(Sum<T>(c.beta2), n);
  }
};

template <class T>
void adam_step(const OptimiserConfig& c, std::int64_t n, T coefficient, std::span<const T> gradient,
               std::span<T> params, std::span<T> first, std::span<T> second) {
  const Corrections<T> corrections(c, n);
  const T step_size = static_cast<T>(c.lr / corrections.first);
  const T correction2 = static_cast<T>(corrections.second);
  const T root_correction2 = static_cast<T>(math::sqrt(corrections.second));
  const Rule<T> rule(c, coefficient);
  for (std::size_t i = 0; i < params.size(); ++i) {
    const T g = rule.decayed(gradient[i], params[i]);
    first[i] = blend<T>(c.beta1, first[i], g);
    second[i] = blend<T>(c.beta2, second[i], g * g);
    const T deviation = rule.deviation(second[i], correction2, root_correction2);
    const T step = (step_size * first[i]) / deviation;
    params[i] = params[i] - step;
  }
}

// The factor r of step n, or 0 where the average is too short for one.
template <class S>
S rectification(const S& beta2, std::int64_t n) {
  const S longest = 2 / (1 - beta2) - 1;
  const S decayed = power(beta2, n);
  const S length = longest - 2 * static_cast<S>(n) * decayed / (1 - decayed);
  if (length < kRadamThreshold) return S(0);
  const S above = (length - 4) * (length - 2) * longest;
  return math::sqrt(above / ((longest - 4) * (longest - 2) * length));
}

template <class T>
void radam_step(const OptimiserConfig& c, std::int64_t n, T coefficient,
                std::span<const T> gradient, std::span<T> params, std::span<T> first,
                std::span<T> second) {
  const Corrections<T> corrections(c, n);
  const T correction1 = static_cast<T>(corrections.first);
  const T correction2 = static_cast<T>(corrections.second);
  const T factor = static_cast<T>(rectification(Sum<T>(c.beta2), n));
  const T lr = static_cast<T>(c.lr);
  const Rule<T> rule(c, coefficient);
  for (std::size_t i = 0; i < params.size(); ++i) {
    const T g = rule.decayed(gradient[i], params[i]);
    first[i] = blend<T>(c.beta1, first[i], g);
    second[i] = blend<T>(c.beta2, second[i], g * g);
    const T mean = first[i] / correction1;
    const bool is_rectified = factor > T(0);
    const T update =
        is_rectified ? (factor * mean) / rule.deviation(second[i] / correction2) : mean;
    params[i] = params[i] - lr * update;
  }
}

}  // namespace

template <class T>
OptimiserState<T> make_optimiser_state(const OptimiserConfig& config, std::size_t n_params) {
  OptimiserState<T> state;
  if (has_first_moment(config)) state.first.assign(n_params, T(0));
  state.second.assign(n_params, T(0));
  return state;
}

template <class T>
void optimiser_step(const OptimiserConfig& config, std::int64_t step, T coefficient,
                    std::span<const T> gradient, std::span<T> params, std::span<T> first,
                    std::span<T> second) {
  QTOT_CHECK_EQ(gradient.size(), params.size());
  QTOT_CHECK_EQ(second.size(), params.size());
  if (has_first_moment(config)) QTOT_CHECK_EQ(first.size(), params.size());
  if (config.optimiser == "adam") {
    adam_step(config, step, coefficient, gradient, params, first, second);
  } else if (config.optimiser == "radam") {
    radam_step(config, step, coefficient, gradient, params, first, second);
  } else {
    QTOT_CHECK_EQ(config.optimiser, "rmsprop");
    rmsprop_step(config, coefficient, gradient, params, second);
  }
}

namespace {

template <class T>
T coefficient_of(const T& norm, double max_norm, bool clip_eps) {
  if (!clip_eps) return norm > max_norm ? T(max_norm / norm) : T(1);
  return std::min(T(1), T(max_norm / (norm + 1e-6)));
}

template <class T>
T power_by_squaring(const T& base, std::int64_t n) {
  QTOT_CHECK_GE(n, 0);
  T result = 1;
  for (T square = base; n > 0; n /= 2, square = square * square) {
    if (n % 2 == 1) result = result * square;
  }
  return result;
}

}  // namespace

double clip_coefficient(double norm, double max_norm, bool clip_eps) {
  return coefficient_of(norm, max_norm, clip_eps);
}
#ifdef QTOT_WIDE
math::Wide clip_coefficient(const math::Wide& norm, double max_norm, bool clip_eps) {
  return coefficient_of(norm, max_norm, clip_eps);
}
#endif

double power(double base, std::int64_t n) {
  return power_by_squaring(base, n);
}
#ifdef QTOT_WIDE
math::Wide power(const math::Wide& base, std::int64_t n) {
  return power_by_squaring(base, n);
}
#endif

#define QTOT_INSTANTIATE(T)                                                                    \
  template OptimiserState<T> make_optimiser_state<T>(const OptimiserConfig&, std::size_t);     \
  template void optimiser_step<T>(const OptimiserConfig&, std::int64_t, T, std::span<const T>, \
                                  std::span<T>, std::span<T>, std::span<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::nn
