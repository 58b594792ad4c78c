#include "qtot/learner/returns.h"
#include "parts.h"

namespace qtot::python {
namespace {

using math::Index;

struct Episodes {
  std::size_t n_episodes = 0;
  std::size_t n_steps = 0;
  const std::uint8_t* terminated = nullptr;  // [B]
  const std::int64_t* lengths = nullptr;     // [B]
};

// One array of an episode as a column.
template <class T>
math::ConstMatView<T> column(const T* array, std::size_t first, Index n) {
  return math::view(array + first, n, Index{1});
}

// Calls compute(first element, length, shape, column of the returns) for each episode, without the lock of
// the interpreter.
template <class T, class Compute>
py::array for_each_episode(const Episodes& episodes, Compute compute) {
  std::vector<T> returns(episodes.n_episodes * episodes.n_steps);
  {
    const py::gil_scoped_release others_may_run;
    for (std::size_t b = 0; b < episodes.n_episodes; ++b) {
      const std::size_t at = b * episodes.n_steps;
      const auto n = static_cast<Index>(episodes.lengths[b]);
      compute(at, n, learner::return_shape(static_cast<int>(n), episodes.terminated[b] != 0),
              math::view(returns.data() + at, n, Index{1}));
    }
  }
  return to_numpy(std::move(returns), {episodes.n_episodes, episodes.n_steps});
}

template <class T>
py::array lambda_of(const Episodes& episodes, const py::array& rewards,
                    const py::array& next_values, double gamma, double td_lambda) {
  const T* const r = in_place<T>("rewards", rewards, 2);
  const T* const v = in_place<T>("next_values", next_values, 2);
  const auto weights = learner::ReturnWeights<T>::from(gamma, td_lambda);
  return for_each_episode<T>(episodes, [&](std::size_t at, Index n, const auto& shape, auto out) {
    learner::lambda_returns<T>(column(r, at, n), column(v, at, n), shape, weights, out);
  });
}

template <class T>
py::array corrected_of(const Episodes& episodes, const py::array& rewards,
                       const py::array& next_values, const py::array& next_qs,
                       const py::array& next_traces, double gamma) {
  const T* const r = in_place<T>("rewards", rewards, 2);
  const T* const v = in_place<T>("next_values", next_values, 2);
  const T* const q = in_place<T>("next_qs", next_qs, 2);
  const T* const c = in_place<T>("next_traces", next_traces, 2);
  return for_each_episode<T>(episodes, [&](std::size_t at, Index n, const auto& shape, auto out) {
    learner::corrected_returns<T>({.rewards = column(r, at, n),
                                   .next_values = column(v, at, n),
                                   .next_qs = column(q, at, n),
                                   .next_traces = column(c, at, n)},
                                  shape, static_cast<T>(gamma), out);
  });
}

template <class T>
py::array n_step_of(const Episodes& episodes, const py::array& rewards,
                    const py::array& next_values, double gamma, int n_step) {
  const T* const r = in_place<T>("rewards", rewards, 2);
  const T* const v = in_place<T>("next_values", next_values, 2);
  return for_each_episode<T>(episodes, [&](std::size_t at, Index n, const auto& shape, auto out) {
    learner::n_step_returns<T>(column(r, at, n), column(v, at, n), shape, n_step,
                               static_cast<T>(gamma), out);
  });
}

bool is_float(const py::array& rewards) {
  return rewards.itemsize() == sizeof(float);
}

void require_fraction(const char* name, double value) {
  if (value >= 0 && value <= 1) return;
  throw Error(std::string(name) + ": must be in [0, 1], found " + std::to_string(value));
}

void require_shape(const char* name, const py::array& array, const py::array& rewards) {
  if (array.ndim() == 2 && array.shape(0) == rewards.shape(0) &&
      array.shape(1) == rewards.shape(1)) {
    return;
  }
  throw Error(std::string(name) + ": expected the shape of rewards, " + shape_text(rewards) +
              ", found " + shape_text(array));
}

Episodes episodes_of(const py::array& rewards, const py::array& next_values,
                     const py::array& terminated, const py::array& lengths) {
  if (rewards.ndim() != 2) throw Error("rewards: expected shape [B, T]");
  require_shape("next_values", next_values, rewards);
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
  return is_float(rewards) ? lambda_of<float>(episodes, rewards, next_values, gamma, td_lambda)
                           : lambda_of<double>(episodes, rewards, next_values, gamma, td_lambda);
}

py::array corrected_returns(const py::array& rewards, const py::array& next_values,
                            const py::array& next_qs, const py::array& next_traces,
                            const py::array& terminated, const py::array& lengths, double gamma) {
  require_fraction("gamma", gamma);
  const Episodes episodes = episodes_of(rewards, next_values, terminated, lengths);
  require_shape("next_qs", next_qs, rewards);
  require_shape("next_traces", next_traces, rewards);
  return is_float(rewards)
             ? corrected_of<float>(episodes, rewards, next_values, next_qs, next_traces, gamma)
             : corrected_of<double>(episodes, rewards, next_values, next_qs, next_traces, gamma);
}

py::array n_step_returns(const py::array& rewards, const py::array& next_values,
                         const py::array& terminated, const py::array& lengths, double gamma,
                         int n_step) {
  require_fraction("gamma", gamma);
  if (n_step < 1) throw Error("n_step: must be at least 1, found " + std::to_string(n_step));
  const Episodes episodes = episodes_of(rewards, next_values, terminated, lengths);
  return is_float(rewards) ? n_step_of<float>(episodes, rewards, next_values, gamma, n_step)
                           : n_step_of<double>(episodes, rewards, next_values, gamma, n_step);
}

}  // namespace qtot::python
