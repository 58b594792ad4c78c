#pragma once

#include <span>

#include "qtot/learner/config.h"
#include "qtot/math/scalars.h"
#include "qtot/nn/params.h"

namespace qtot::learner {

/// Cuts the gradient by the rule of config.optimiser at config.grad_norm_clip. Where its norm over all
/// tensors is what counts, `gradient` stays as it is and the result is what the optimiser has to multiply it
/// by, as PyTorch does also with a coefficient of 1; else the result is 1.
///
/// @param[in]     norm      of the whole gradient
/// @param[in,out] gradient  [P], in the order of `layout`
template <class T>
T clip_gradient(const LearnerConfig& config, const nn::ParamLayout& layout,
                const math::Sum<T>& norm, std::span<T> gradient);

}  // namespace qtot::learner
