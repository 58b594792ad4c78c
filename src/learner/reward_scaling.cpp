#include "learner/reward_scaling.h"

#include "qtot/math/elementary.h"

namespace qtot::learner {
namespace {

constexpr double kEpsilon = 1e-5;  // EPyMARL's, beside the deviation

template <class S>
struct Moments {
  S count = 0;
  S mean = 0;
  S variance = 0;  // divided by count - 1; 0 for less than two rewards
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
    m.variance = math::fma(off, off, m.variance);
  });
  m.variance = m.count > 1 ? S(m.variance / (m.count - 1)) : S(0);
  return m;
}

// Chan's parallel update, which takes the batch's unbiased variance for the population's.
template <class T>
void merge(const Moments<math::Sum<T>>& batch, RewardStatistics<T>& running) {
  using Sum = math::Sum<T>;
  const Sum total = running.count + batch.count;
  const Sum delta = batch.mean - running.mean;
  const Sum between = delta * delta * running.count * batch.count / total;
  const Sum within = running.variance * running.count + batch.variance * batch.count;
  running.mean = running.mean + delta * batch.count / total;
  running.variance = (within + between) / total;
  running.count = total;
}

}  // namespace

template <class T>
RewardTransform<T> reward_transform(RewardScaling rule, core::Batch batch, int longest,
                                    RewardStatistics<T>& running) {
  using Sum = math::Sum<T>;
  if (rule == RewardScaling::kNone) return {};
  const bool is_padded = rule != RewardScaling::kValidSteps;
  const Moments<Sum> m = moments_of<Sum>(batch, is_padded ? longest : 0);
  if (rule == RewardScaling::kPaddedRunning) {
    merge<T>(m, running);
    return {.is_identity = false, .mean = running.mean, .deviation = math::sqrt(running.variance)};
  }
  return {.is_identity = false, .mean = m.mean, .deviation = math::sqrt(m.variance) + kEpsilon};
}

#define QTOT_INSTANTIATE(T)                                                        \
  template RewardTransform<T> reward_transform<T>(RewardScaling, core::Batch, int, \
                                                  RewardStatistics<T>&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
