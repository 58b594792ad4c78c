#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace qtot::nn {

/// The keys of the same names. Both optimisers round as PyTorch 1.13's: every operation once, none
/// fused.
struct OptimiserConfig {
  std::string optimiser = "rmsprop";  // rmsprop | adam
  double lr = 5e-4;
  double alpha = 0.99;  // RMSprop's decay (key optim_alpha)
  double eps = 1e-5;    // RMSprop's (key optim_eps), or Adam's
  double beta1 = 0.9;
  double beta2 = 0.999;
  double weight_decay = 0;  // added to the gradient
};

/// Running moments, in the layout of the parameters.
template <class T>
struct OptimiserState {
  std::vector<T> first;   // Adam's m; empty for RMSprop
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
///            v = b2 v + (1 - b2) (g g)               c1 = 1 - b1^step, c2 = 1 - b2^step in double
///
/// @param[in]     step      1 for the first
/// @param[in]     gradient  [n]
/// @param[in,out] params, second [n];  first [n] for Adam, empty for RMSprop
/// Source: Tieleman & Hinton (2012); Kingma & Ba (2015), algorithm 1.
template <class T>
void optimiser_step(const OptimiserConfig& config, std::int64_t step, T coefficient,
                    std::span<const T> gradient, std::span<T> params, std::span<T> first,
                    std::span<T> second);

/// min(1, max_norm / (norm + 1e-6)): what a gradient of this global norm is multiplied by, as PyTorch's
/// clip_grad_norm_ does, also when it is 1.
double clip_coefficient(double norm, double max_norm);

/// base^n by squaring, in double: the same bits everywhere, unlike pow.
double power(double base, std::int64_t n);

}  // namespace qtot::nn
