#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "qtot/math/scalars.h"

namespace qtot::nn {

/// Where eps stands in the denominator: sqrt(v) + eps, or sqrt(v + eps).
enum class EpsPlace {
  kOutsideRoot,
  kInsideRoot,
  kInsideRawRoot,    // Adam: sqrt(v + eps) / sqrt(c2)
  kBeforeCorrection  // Adam: (sqrt(v) + eps) / sqrt(c2), "epsilon hat" of Kingma & Ba
};

/// What a gradient is cut by: its norm over all tensors, the norm of each tensor alone, element by
/// element to [-max_norm, max_norm], or nothing.
enum class Clip { kGlobalNorm, kPerTensor, kByValue, kNone };

/// The keys of the same names. rmsprop and adam round as PyTorch 1.13's: every operation once, none
/// fused.
struct OptimiserConfig {
  std::string optimiser = "rmsprop";  // rmsprop | adam | radam
  double lr = 5e-4;
  double alpha = 0.99;  // RMSprop's decay (key optim_alpha)
  double eps = 1e-5;    // RMSprop's (key optim_eps), or Adam's and RAdam's
  double beta1 = 0.9;
  double beta2 = 0.999;
  double weight_decay = 0;  // times the parameter added to the gradient

  // What peers and mistakes do differently; no key of the training configuration sets it.
  EpsPlace eps_place = EpsPlace::kOutsideRoot;
  bool bias_correction = true;          // adam, radam: c1, c2 as below; false: both 1
  bool decoupled_weight_decay = false;  // AdamW: p = p (1 - lr weight_decay) first, g without it
  Clip clip = Clip::kGlobalNorm;
  bool clip_eps = true;  // 1e-6 in clip_coefficient(); false: optax's, without
};

/// Running moments, in the layout of the parameters.
template <class T>
struct OptimiserState {
  std::vector<T> first;   // Adam's and RAdam's m; empty for RMSprop
  std::vector<T> second;  // v
  std::int64_t n_steps = 0;
};

template <class T>
OptimiserState<T> make_optimiser_state(const OptimiserConfig& config, std::size_t n_params);

/// One step on n parameters, elementwise, so that ranges of the vectors may be stepped apart. With
/// g = gradient * coefficient (+ weight_decay * p):
///
///   rmsprop  v = alpha v + (1 - alpha) (g g)         p = p - lr (g / (sqrt(v) + eps))
///   adam     m = b1 m + (1 - b1) g                   p = p - ((lr / c1) m) / (sqrt(v) / sqrt(c2) + eps)
///            v = b2 v + (1 - b2) (g g)               c1 = 1 - b1^step, c2 = 1 - b2^step in Sum<T>
///   radam    m, v, c1, c2 as adam                    p = p - lr ((r (m / c1)) / (sqrt(v / c2) + eps))
///            n_inf = 2 / (1 - b2) - 1                n = n_inf - 2 step b2^step / c2
///            r = sqrt((n - 4) (n - 2) n_inf / ((n_inf - 4) (n_inf - 2) n)) in Sum<T>
///            n < 5: p = p - lr (m / c1), as optax (Liu et al. have n <= 4)
///
/// With EpsPlace::kInsideRoot the denominators are sqrt(v + eps) and sqrt(v / c2 + eps). Coefficients
/// are computed in math::Sum<T> from the configuration's doubles and rounded once.
///
/// @param[in]     step      1 for the first
/// @param[in]     gradient  [n]
/// @param[in,out] params, second [n];  first [n] for Adam and RAdam, empty for RMSprop
/// Source: Tieleman & Hinton (2012); Kingma & Ba (2015), algorithm 1; Liu et al. (2020), algorithm 2;
/// Loshchilov & Hutter (2019) for the decoupled decay.
template <class T>
void optimiser_step(const OptimiserConfig& config, std::int64_t step, T coefficient,
                    std::span<const T> gradient, std::span<T> params, std::span<T> first,
                    std::span<T> second);

/// min(1, max_norm / (norm + 1e-6)): what a gradient of this global norm is multiplied by, as PyTorch's
/// clip_grad_norm_ does, also when it is 1. Without clip_eps: max_norm / norm where norm > max_norm, else
/// 1, as optax.clip_by_global_norm.
double clip_coefficient(double norm, double max_norm, bool clip_eps = true);
#ifdef QTOT_WIDE
math::Wide clip_coefficient(const math::Wide& norm, double max_norm, bool clip_eps = true);
#endif

/// base^n by squaring, in double: the same bits everywhere, unlike pow.
double power(double base, std::int64_t n);
#ifdef QTOT_WIDE
math::Wide power(const math::Wide& base, std::int64_t n);
#endif

}  // namespace qtot::nn
