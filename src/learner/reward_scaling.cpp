#include "learner/reward_scaling.h"

#include "qtot/math/elementary.h"

namespace qtot::learner {
namespace {

constexpr double kEpsilon = 1e-5;  // EPyMARL's, beside the deviation

template <class S>
struct Moments {
  S count = 0;
  S mean = 0;
  S squares = 0;  // of the distances from the mean

  S unbiased_variance() const { return count > 1 ? S(squares / (count - 1)) : S(0); }
};

// Over the steps of the batch, or, with `longest`, over as many a padded episode; position, then step
// ascending.
template <class S>
Moments<S> moments_of(core::Batch batch, int longest) {
  const auto for_each = [&](auto visit) {
    for (const core::Episode* episode : batch) {
      for (const float reward : episode->rewards()) visit(S(reward));
      for (int t = episode->length(); t < longest; ++t) visit(S(0));
    }
  };
  Moments<S> m;
  for_each([&](const S& r) {
    m.count += 1;
    m.mean += r;
  });
  if (m.count == 0) return m;
  m.mean /= m.count;
  for_each([&](const S& r) {
    const S off = r - m.mean;
    m.squares = math::fma(off, off, m.squares);
  });
  return m;
}

// Chan's parallel update, by the squares that are taken for the batch's.
template <class T>
void merge(const Moments<math::Sum<T>>& batch, const math::Sum<T>& squares,
           RewardStatistics<T>& running) {
  using Sum = math::Sum<T>;
  const Sum total = running.count + batch.count;
  const Sum delta = batch.mean - running.mean;
  const Sum between = delta * delta * running.count * batch.count / total;
  const Sum within = running.variance * running.count + squares;
  running.mean = running.mean + delta * batch.count / total;
  running.variance = (within + between) / total;
  running.count = total;
}

}  // namespace

template <class T>
RewardTransform<T> reward_transform(const LearnerConfig& config, core::Batch batch, int longest,
                                    RewardStatistics<T>& running) {
  using Sum = math::Sum<T>;
  const RewardScaling rule = config.reward_scaling;
  if (rule == RewardScaling::kNone) {
    return {.is_identity = config.reward_scale == 1, .factor = Sum(config.reward_scale)};
  }
  const bool is_padded =
      rule == RewardScaling::kPaddedBatch || rule == RewardScaling::kPaddedRunning;
  const Moments<Sum> m = moments_of<Sum>(batch, is_padded ? longest : 0);
  RewardTransform<T> transform{.is_identity = false};
  switch (rule) {
    case RewardScaling::kNone:
    case RewardScaling::kValidSteps:
    case RewardScaling::kPaddedBatch:
      transform.mean = m.mean;
      transform.deviation = math::sqrt(m.unbiased_variance()) + kEpsilon;
      break;
    case RewardScaling::kRunning:
      merge<T>(m, m.squares, running);
      transform.mean = running.mean;
      transform.deviation = math::sqrt(running.variance) + kEpsilon;
      break;
    case RewardScaling::kPaddedRunning:  // takes the unbiased variance for the population's
      merge<T>(m, m.unbiased_variance() * m.count, running);
      transform.mean = running.mean;
      transform.deviation = math::sqrt(running.variance);
      break;
  }
  return transform;
}

#define QTOT_INSTANTIATE(T)                                                               \
  template RewardTransform<T> reward_transform<T>(const LearnerConfig&, core::Batch, int, \
                                                  RewardStatistics<T>&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
