#include "support/case_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "qtot/base/error.h"
#include "qtot/base/executor.h"

namespace qtot::test {
namespace {

constexpr int kUpdates = 5;

// Keeps everything that the learner shows, widened to double.
template <class T>
class Recorder final : public learner::Probe<T> {
 public:
  void episode(std::string_view name, std::size_t position, math::ConstMatView<T> value) override {
    Recorded& recorded = episodes_[{std::string(name), position}];
    recorded.n_columns = static_cast<std::size_t>(value.cols());
    for (math::Index i = 0; i < value.rows(); ++i) {
      for (math::Index j = 0; j < value.cols(); ++j) recorded.values.push_back(value(i, j));
    }
  }
  void update(std::string_view name, std::span<const T> value) override {
    updates_[std::string(name)] = widen(value);
  }
  void scalar(std::string_view name, double value) override { scalars_[std::string(name)] = value; }

  // `n` numbers from row `row` of a tensor of one episode
  std::span<const double> rows(const std::string& name, std::size_t position, std::size_t first,
                               std::size_t n) const {
    const auto found = episodes_.find({name, position});
    if (found == episodes_.end() || first + n > found->second.values.size()) return {};
    return std::span(found->second.values).subspan(first, n);
  }
  const std::vector<double>& of_update(const std::string& name) const { return updates_.at(name); }
  double scalar_of(const std::string& name) const { return scalars_.at(name); }

 private:
  struct Recorded {
    std::size_t n_columns = 0;
    std::vector<double> values;
  };
  std::map<std::pair<std::string, std::size_t>, Recorded> episodes_;
  std::map<std::string, std::vector<double>> updates_;
  std::map<std::string, double> scalars_;
};

// Which slots of a padded tensor are compared, and where our rows of it lie.
struct Rows {
  std::size_t first_slot = 0;  // slot of their row 0: 1 where the peer drops slot 0
  std::size_t our_offset = 0;  // slot of our row 0
  std::size_t begin = 0;       // slots [begin, end[b]) are compared
  std::vector<std::size_t> end;
};

template <class T>
class FirstUpdate {
 public:
  FirstUpdate(const Case& input, const Recorder<T>& ours, Agreement& agreement)
      : case_(input), ours_(ours), agreement_(agreement), mask_(theirs("mask").as_doubles()) {
    require_rows(theirs("mask"), case_.n_slots - 1);
  }

  void compare() {
    const bool is_iql = case_.mixer.mixer == "iql";
    const std::size_t target_slot = case_.is_nq ? 0 : 1;  // pymarl drops the target's slot 0
    const Rows seen{0, 0, 0, filled_slots()};
    const Rows seen_targets{target_slot, 0, target_slot, filled_slots()};
    const Rows steps{0, 0, 0, valid_steps()};
    // row t of ours is slot t + 1, and what bootstraps the last valid step lies in slot L
    const Rows next{target_slot, 1, 1, filled_slots()};

    rows("utilities", "agent_q", seen);
    rows("target_utilities", "target_agent_q", seen_targets);
    if (case_.learner.double_q) rows("greedy_actions", "cur_max_actions", seen_targets);
    if (!is_iql) {  // IQL has no mixer whose input could be recorded
      rows("chosen_qs", "chosen_q", steps);
      rows("greedy_qs", "target_max_agent_q", next);
    }
    rows("q_tot", "q_tot", steps);
    rows("target_q_tot", "target_max_qvals", next);
    rows("returns", "targets", steps);
    compare_mask();
    rows("td_error", "td_error", steps);
    agreement_.compare("loss", Kind::kScalar, ours_.scalar_of("loss"), scalar("loss"));
  }

 private:
  const Array& theirs(const std::string& name) const {
    return case_.file.at(outputs_of<T>() + name);
  }
  double scalar(const std::string& name) const { return theirs(name).as_doubles().at(0); }

  std::vector<std::size_t> filled_slots() const {
    std::vector<std::size_t> n;
    for (const int length : case_.lengths) n.push_back(static_cast<std::size_t>(length) + 1);
    return n;
  }

  // Steps whose mask is 1: L, and one more where PyMARL counts a padded one.
  std::vector<std::size_t> valid_steps() const {
    std::vector<std::size_t> n;
    const std::size_t n_steps = case_.n_slots - 1;
    const std::size_t n_columns = mask_.size() / (n_steps * case_.lengths.size());
    for (std::size_t b = 0; b < case_.lengths.size(); ++b) {
      std::size_t count = 0;
      while (count < n_steps && mask_[(b * n_steps + count) * n_columns] == 1) ++count;
      n.push_back(count);
    }
    return n;
  }

  // [B, at least n_rows, ...] without an empty dimension
  void require_rows(const Array& array, std::size_t n_rows) const {
    const std::vector<std::size_t>& shape = array.shape();
    if (shape.size() < 3 || shape[0] != case_.lengths.size() || shape[1] < n_rows ||
        array.size() == 0) {
      throw Error(array.place() + ": expected shape [" + std::to_string(case_.lengths.size()) +
                  ", " + std::to_string(n_rows) + " or more, ...], found " + shape_text(shape));
    }
  }

  // All compared rows of a tensor, one after the other. Their masked entries (-9999999: unavailable) are
  // left out: ours are unmasked.
  void rows(const std::string& our_name, const std::string& their_name, const Rows& which) {
    const Array& array = theirs(their_name);
    require_rows(array, *std::ranges::max_element(which.end) - which.first_slot);
    const std::vector<double> values = array.as_doubles();
    const std::size_t n_their_rows = array.shape().at(1);
    const std::size_t n_numbers = values.size() / (array.shape().at(0) * n_their_rows);
    std::vector<double> our_values;
    std::vector<double> their_values;
    for (std::size_t b = 0; b < case_.lengths.size(); ++b) {
      for (std::size_t slot = which.begin; slot < which.end[b]; ++slot) {
        const auto ours = ours_.rows(our_name, b, (slot - which.our_offset) * n_numbers, n_numbers);
        if (ours.empty()) return agreement_.differ(our_name + ": not recorded");
        const std::size_t row = b * n_their_rows + slot - which.first_slot;
        for (std::size_t i = 0; i < n_numbers; ++i) {
          if (values.at(row * n_numbers + i) == kMasked) continue;
          our_values.push_back(ours[i]);
          their_values.push_back(values[row * n_numbers + i]);
        }
      }
    }
    agreement_.compare(our_name, Kind::kValue, our_values, their_values);
  }

  void compare_mask() {
    const std::size_t n_steps = case_.n_slots - 1;
    const std::size_t n_columns = mask_.size() / (n_steps * case_.lengths.size());
    std::vector<double> ours(mask_.size(), 0);  // rows that were not unrolled count as 0
    for (std::size_t b = 0; b < case_.lengths.size(); ++b) {
      for (std::size_t t = 0; t < n_steps; ++t) {
        const auto value = ours_.rows("mask", b, t, 1);
        if (value.empty()) continue;
        std::fill_n(ours.begin() + static_cast<std::ptrdiff_t>((b * n_steps + t) * n_columns),
                    n_columns, value[0]);
      }
    }
    agreement_.compare("mask", Kind::kValue, ours, mask_);
  }

  static constexpr double kMasked = -9999999;

  const Case& case_;
  const Recorder<T>& ours_;
  Agreement& agreement_;
  std::vector<double> mask_;  // [B, T, 1], or [B, T, N] of IQL
};

template <class T>
void compare_params(const Case& input, const nn::ParamLayout& layout, const std::string& name,
                    Kind kind, std::span<const double> ours, Agreement& agreement) {
  const std::vector<double> theirs = read_params(input.file, outputs_of<T>() + name + "/", layout);
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    agreement.compare(name + "/" + tensor.name, kind, ours.subspan(tensor.offset, tensor.size()),
                      std::span(theirs).subspan(tensor.offset, tensor.size()));
  }
}

template <class T>
void compare_gradient(const Case& input, const nn::ParamLayout& layout, const Recorder<T>& ours,
                      Agreement& agreement) {
  std::vector<double> gradient(layout.size());
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    std::ranges::copy(ours.of_update("grad/" + tensor.name),
                      gradient.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
  }
  double largest = 0;
  for (const double g : read_params(input.file, outputs_of<T>() + "grad/", layout)) {
    largest = std::max(largest, std::abs(g));
  }
  agreement.set_largest_gradient(largest);
  compare_params<T>(input, layout, "grad", Kind::kGradient, gradient, agreement);
  agreement.compare("grad_norm", Kind::kScalar, ours.scalar_of("grad_norm"),
                    input.file.at(outputs_of<T>() + "grad_norm").as_doubles().at(0));
}

template <class T>
std::vector<T> narrow(const std::vector<double>& values) {
  std::vector<T> result;
  for (const double x : values) result.push_back(static_cast<T>(x));  // exact: float32 inputs
  return result;
}

}  // namespace

template <class T>
Agreement check_case(const Case& input) {
  SerialExecutor executor;
  learner::Learner<T> learner(learner::make_network<T>(input.agent, input.mixer), input.learner, 0,
                              executor);
  const nn::ParamLayout& layout = learner.network().layout;
  learner::LearnerState<T> state = learner.state();
  state.params = narrow<T>(read_params(input.file, "param/", layout));
  state.target_params = narrow<T>(read_params(input.file, "tparam/", layout));
  learner.set_state(state);

  Agreement agreement = agreement_of<T>();
  const Npz& file = input.file;
  std::vector<double> losses;
  std::vector<double> norms;
  for (int k = 1; k <= kUpdates; ++k) {
    Recorder<T> recorder;
    const learner::UpdateStats stats =
        learner.update(input.batch(), k, k == 1 ? &recorder : nullptr);
    if (k == 1) {
      FirstUpdate<T>(input, recorder, agreement).compare();
      compare_gradient(input, layout, recorder, agreement);
      compare_params<T>(input, layout, "param1", Kind::kParam, widen<T>(learner.state().params),
                        agreement);
    }
    losses.push_back(stats.loss);
    norms.push_back(stats.grad_norm);
  }
  agreement.compare("losses", Kind::kValue, losses,
                    file.at(outputs_of<T>() + "losses").as_doubles());
  agreement.compare("grad_norms", Kind::kValue, norms,
                    file.at(outputs_of<T>() + "grad_norms").as_doubles());
  compare_params<T>(input, layout, "param5", Kind::kParam, widen<T>(learner.state().params),
                    agreement);
  return agreement;
}

template Agreement check_case<float>(const Case&);
template Agreement check_case<double>(const Case&);

}  // namespace qtot::test
