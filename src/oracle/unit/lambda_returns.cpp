// PyMARL2's build_td_lambda_targets and build_q_lambda_targets by the learner's own recursion:
//
//   R[T] = V[T] (1 - sum over t of terminated[t])
//   R[t] = gamma lambda R[t+1] + mask[t] (r[t] + (1 - lambda) gamma V[t+1] (1 - terminated[t]))
//
// which starts at the end of the padded batch (quirk T1): rows with mask 0 discount, nothing else.
// q_lambda is the same with r[t] + V[t] - Q[t] in place of r[t].

#include "oracle/unit/unit.h"
#include "qtot/base/error.h"
#include "qtot/learner/returns.h"

namespace qtot::oracle::unit {
namespace {

using math::Index;

[[noreturn]] void refuse(const arrays::Array& array, std::size_t episode,
                         const std::string& fault) {
  throw Error(array.place() + ": episode " + std::to_string(episode) + ": " + fault);
}

// A member [B, T, 1] of zeros and ones.
class Flags {
 public:
  explicit Flags(const arrays::Array& array)
      : array_(array), n_steps_(array.shape()[1]), values_(array.as_doubles()) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_[i] == 0 || values_[i] == 1) continue;
      refuse(array_, i / n_steps_,
             "step " + std::to_string(i % n_steps_) + ": expected 0 or 1, found " +
                 std::to_string(values_[i]));
    }
  }

  // Length of the ones at the start; zeros must follow.
  int n_leading(std::size_t episode) const {
    std::size_t n = 0;
    while (n < n_steps_ && is_set(episode, n)) ++n;
    for (std::size_t t = n; t < n_steps_; ++t) {
      if (!is_set(episode, t)) continue;
      refuse(array_, episode,
             "step " + std::to_string(t) + " counts though step " + std::to_string(n) +
                 " does not; expected ones, then zeros");
    }
    return static_cast<int>(n);
  }

  // The one row that is set, -1 for none.
  int only(std::size_t episode) const {
    int row = -1;
    for (std::size_t t = 0; t < n_steps_; ++t) {
      if (!is_set(episode, t)) continue;
      if (row >= 0) {
        refuse(array_, episode,
               "terminates at step " + std::to_string(row) + " and again at step " +
                   std::to_string(t));
      }
      row = static_cast<int>(t);
    }
    return row;
  }

 private:
  bool is_set(std::size_t episode, std::size_t t) const {
    return values_[episode * n_steps_ + t] == 1;
  }

  const arrays::Array& array_;
  std::size_t n_steps_;
  std::vector<double> values_;
};

template <class T>
class Case {
 public:
  Case(Unit& unit, std::size_t number, const nlohmann::json& meta)
      : unit_(unit),
        folder_(std::to_string(number) + "/"),
        shape_(unit.input_of_rank(folder_ + "in/rewards", 3).shape()),
        mask_(unit.input(folder_ + "in/mask", shape_)),
        terminated_(unit.input(folder_ + "in/terminated", shape_)),
        rewards_(values_of<T>(unit.input(folder_ + "in/rewards", one_column(shape_[1])))),
        values_(values_of<T>(unit.input(folder_ + "in/target_qs", one_column(shape_[1] + 1)))),
        qvals_(values_of<T>(unit.input(folder_ + "in/qvals", one_column(shape_[1] + 1)))) {
    require_known_keys(unit, meta, {"gamma", "td_lambda"});
    weights_ = learner::ReturnWeights<T>::from(number_of(unit, meta, "gamma"),
                                               number_of(unit, meta, "td_lambda"));
  }

  void compare() {
    unit_.compare(folder_, "td_lambda", Kind::kValue, shape_, widened(returns_of(rewards_)));
    const std::size_t n_steps = shape_[1];
    std::vector<T> corrected = rewards_;
    for (std::size_t i = 0; i < corrected.size(); ++i) {
      const std::size_t at = i + i / n_steps;  // rows of V and Q have T + 1 entries
      corrected[i] = corrected[i] + values_[at] - qvals_[at];
    }
    unit_.compare(folder_, "q_lambda", Kind::kValue, shape_, widened(returns_of(corrected)));
  }

 private:
  Shape one_column(std::size_t n_rows) const { return {shape_[0], n_rows, 1}; }

  std::vector<T> returns_of(const std::vector<T>& rewards) const {
    const std::size_t n_steps = shape_[1];
    const auto rows = static_cast<Index>(n_steps);
    std::vector<T> returns(rewards.size());
    for (std::size_t b = 0; b < shape_[0]; ++b) {
      const int end = terminated_.only(b);
      const learner::ReturnShape shape = {.n = static_cast<int>(n_steps),
                                          .n_valid = mask_.n_leading(b),
                                          .bootstrap = end < 0,
                                          .end = end};
      learner::lambda_returns<T>(math::view(rewards.data() + b * n_steps, rows, Index{1}),
                                 math::view(values_.data() + b * (n_steps + 1) + 1, rows, Index{1}),
                                 shape, weights_,
                                 math::view(returns.data() + b * n_steps, rows, Index{1}));
    }
    return returns;
  }

  Unit& unit_;
  std::string folder_;
  Shape shape_;  // [B, T, 1]
  Flags mask_;
  Flags terminated_;
  std::vector<T> rewards_;  // [B, T, 1]
  std::vector<T> values_;   // [B, T + 1, 1]
  std::vector<T> qvals_;    // [B, T + 1, 1]
  learner::ReturnWeights<T> weights_;
};

}  // namespace

template <class T>
void check_lambda_returns(Unit& unit) {
  const nlohmann::json cases = unit.meta_cases();
  for (std::size_t i = 0; i < cases.size(); ++i) Case<T>(unit, i, cases[i]).compare();
}

#define QTOT_INSTANTIATE(T) template void check_lambda_returns<T>(Unit&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::oracle::unit
