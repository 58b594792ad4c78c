#include "learner/clipping.h"

#include <algorithm>

#include "qtot/math/elementary.h"
#include "qtot/math/reduce.h"

namespace qtot::learner {

template <class T>
T clip_gradient(const LearnerConfig& config, const nn::ParamLayout& layout,
                const math::Sum<T>& norm, std::span<T> gradient) {
  const nn::OptimiserConfig& rule = config.optimiser;
  const double max_norm = config.grad_norm_clip;
  switch (rule.clip) {
    case nn::Clip::kGlobalNorm:
      return static_cast<T>(nn::clip_coefficient(norm, max_norm, rule.clip_eps));
    case nn::Clip::kPerTensor:
      for (const nn::TensorSpec& tensor : layout.tensors()) {
        const std::span<T> part = gradient.subspan(tensor.offset, tensor.size());
        const math::Sum<T> own = math::sqrt(math::sum_of_squares<T>(std::span<const T>(part)));
        const T coefficient = static_cast<T>(nn::clip_coefficient(own, max_norm, rule.clip_eps));
        for (T& g : part) g = g * coefficient;
      }
      break;
    case nn::Clip::kByValue:
      for (T& g : gradient) {
        g = std::min(std::max(g, static_cast<T>(-max_norm)), static_cast<T>(max_norm));
      }
      break;
    case nn::Clip::kNone:
      break;
  }
  return T(1);
}

#define QTOT_INSTANTIATE(T)                                                                      \
  template T clip_gradient<T>(const LearnerConfig&, const nn::ParamLayout&, const math::Sum<T>&, \
                              std::span<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
