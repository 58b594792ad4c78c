#include "parts.h"
#include "qtot/learner/returns.h"

namespace qtot::python {
namespace {

using math::Index;

struct Episodes {
  std::size_t n_episodes = 0;
  std::size_t n_steps = 0;
  const std::uint8_t* terminated = nullptr;  // [B]
  const std::int64_t* lengths = nullptr;     // [B]
};

template <class T>
std::vector<T> returns_of(const Episodes& episodes, const T* rewards, const T* next_values,
                          learner::ReturnWeights<T> weights) {
  std::vector<T> returns(episodes.n_episodes * episodes.n_steps);
  for (std::size_t b = 0; b < episodes.n_episodes; ++b) {
    const std::size_t at = b * episodes.n_steps;
    const auto n = static_cast<Index>(episodes.lengths[b]);
    const learner::ReturnShape shape =
        learner::return_shape(static_cast<int>(n), episodes.terminated[b] != 0);
    learner::lambda_returns<T>(math::view(rewards + at, n, Index{1}),
                               math::view(next_values + at, n, Index{1}), shape, weights,
                               math::view(returns.data() + at, n, Index{1}));
  }
  return returns;
}

template <class T>
py::array run(const Episodes& episodes, const py::array& rewards, const py::array& next_values,
              double gamma, double td_lambda) {
  const T* const r = in_place<T>("rewards", rewards, 2);
  const T* const v = in_place<T>("next_values", next_values, 2);
  std::vector<T> returns;
  {
    const py::gil_scoped_release others_may_run;
    returns = returns_of<T>(episodes, r, v, learner::ReturnWeights<T>::from(gamma, td_lambda));
  }
  return to_numpy(std::move(returns), {episodes.n_episodes, episodes.n_steps});
}

void require_fraction(const char* name, double value) {
  if (value >= 0 && value <= 1) return;
  throw Error(std::string(name) + ": must be in [0, 1], found " + std::to_string(value));
}

Episodes episodes_of(const py::array& rewards, const py::array& next_values,
                     const py::array& terminated, const py::array& lengths) {
  if (rewards.ndim() != 2 || next_values.ndim() != 2 || rewards.shape(0) != next_values.shape(0) ||
      rewards.shape(1) != next_values.shape(1)) {
    throw Error("next_values: expected the shape of rewards, " + shape_text(rewards) + ", found " +
                shape_text(next_values));
  }
  constexpr py::ssize_t kMaxSteps = py::ssize_t{1} << 30;
  if (rewards.shape(1) > kMaxSteps) throw Error("rewards: at most 2^30 steps are allowed");
  const Episodes episodes = {static_cast<std::size_t>(rewards.shape(0)),
                             static_cast<std::size_t>(rewards.shape(1)),
                             in_place<std::uint8_t>("terminated", terminated, 1),
                             in_place<std::int64_t>("lengths", lengths, 1)};
  if (terminated.shape(0) != rewards.shape(0) || lengths.shape(0) != rewards.shape(0)) {
    throw Error("terminated, lengths: expected " + std::to_string(rewards.shape(0)) + " numbers");
  }
  for (std::size_t b = 0; b < episodes.n_episodes; ++b) {
    if (episodes.lengths[b] >= 0 && episodes.lengths[b] <= rewards.shape(1)) continue;
    throw Error("lengths: episode " + std::to_string(b) + " has " +
                std::to_string(episodes.lengths[b]) + " steps, expected 0 to " +
                std::to_string(rewards.shape(1)));
  }
  return episodes;
}

}  // namespace

py::array lambda_returns(const py::array& rewards, const py::array& next_values,
                         const py::array& terminated, const py::array& lengths, double gamma,
                         double td_lambda) {
  require_fraction("gamma", gamma);
  require_fraction("td_lambda", td_lambda);
  const Episodes episodes = episodes_of(rewards, next_values, terminated, lengths);
  return rewards.itemsize() == sizeof(float)
             ? run<float>(episodes, rewards, next_values, gamma, td_lambda)
             : run<double>(episodes, rewards, next_values, gamma, td_lambda);
}

}  // namespace qtot::python
