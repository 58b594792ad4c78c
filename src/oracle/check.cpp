#include "qtot/oracle/check.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "oracle/reason.h"
#include "qtot/base/error.h"
#include "qtot/mixers/aliases.h"
#include "qtot/oracle/certificate.h"

namespace qtot::oracle {
namespace {

using arrays::Array;

constexpr double kMasked = -9999999;  // how the peers write "unavailable"

// Where a row of a padded tensor counts.
enum class Rows {
  kSlots,    // filled slots: row s is slot s; a peer may drop slot 0
  kNext,     // row t of ours belongs to slot t + 1; a peer may have a row for slot 0
  kSteps,    // steps with mask 1
  kAllSteps  // every step
};

struct Output {
  const char* name;
  Rows rows;
};
// dataflow order
constexpr Output kOutputs[] = {{"agent_q", Rows::kSlots},
                               {"target_agent_q", Rows::kSlots},
                               {"central_mac_out", Rows::kSlots},
                               {"central_target_mac_out", Rows::kSlots},
                               {"chosen_q", Rows::kSteps},
                               {"cur_max_actions", Rows::kSlots},
                               {"target_max_agent_q", Rows::kNext},
                               {"max_action_qvals", Rows::kSteps},
                               {"ans_chosen", Rows::kSteps},
                               {"ans_adv", Rows::kSteps},
                               {"target_chosen", Rows::kNext},
                               {"target_adv", Rows::kNext},
                               {"q_tot", Rows::kSteps},
                               {"target_max_qvals", Rows::kNext},
                               {"targets", Rows::kSteps},
                               {"central_chosen_action_qvals", Rows::kSteps},
                               {"is_max_action", Rows::kSteps},
                               {"max_action_qtot", Rows::kSteps},
                               {"ws", Rows::kSteps},
                               {"mask", Rows::kAllSteps},
                               {"td_error", Rows::kSteps},
                               {"masked_td_error", Rows::kSteps}};

class Comparer {
 public:
  Comparer(const Case& input, const Step& step, Dtype dtype, const PassRule& rule,
           const std::vector<Tensor>* bounds, Report& report)
      : case_(input),
        step_(step),
        dtype_(dtype),
        rule_(rule),
        bounds_(bounds),
        prefix_(name_of(dtype) + "/"),
        report_(report) {
    const std::string mask = prefix_ + "mask";
    if (case_.file.contains(mask)) their_mask_ = case_.file.at(mask).as_doubles();
  }

  void run() {
    for (const Output& output : kOutputs) padded(output);
    whole("per_priority", Kind::kValue);
    whole("qmix_loss", Kind::kScalar);
    whole("central_loss", Kind::kScalar);
    whole("loss", Kind::kScalar);
    padded({"d_q_tot", Rows::kSteps});
    padded({"d_chosen_q", Rows::kSteps});
    params("grad/", Kind::kGradient, true);
    whole("grad_norm", Kind::kScalar);
    params("param1/", Kind::kParam, false);
    whole("losses", Kind::kValue);
    whole("grad_norms", Kind::kValue);
    params("param5/", Kind::kParam, false);
    note_ignored();
  }

 private:
  const Array* theirs(const std::string& name) {
    if (!case_.file.contains(prefix_ + name)) return nullptr;
    seen_.push_back(name);
    return &case_.file.at(prefix_ + name);
  }

  std::size_t length(std::size_t b) const {
    return static_cast<std::size_t>(case_.episodes[b].length());
  }
  std::size_t n_filled(std::size_t b) const {
    return static_cast<std::size_t>(case_.episodes[b].n_slots());
  }

  bool counts(Rows rows, std::size_t b, std::size_t slot_or_step) const {
    const std::size_t t = slot_or_step;
    switch (rows) {
      case Rows::kSlots:
        return length(b) > 0 && t < n_filled(b);
      case Rows::kNext:  // t counts slots
        return t >= 1 && t <= length(b);
      case Rows::kSteps:
        return our_mask_is_set(b, t) && their_mask_is_set(b, t);
      case Rows::kAllSteps:
        return true;
    }
    return false;
  }

  bool our_mask_is_set(std::size_t b, std::size_t t) const {
    const Tensor& mask = *step_.find("mask");
    return mask.values[(b * case_.n_steps() + t) * mask.shape[2]] == 1;
  }

  bool their_mask_is_set(std::size_t b, std::size_t t) const {
    if (their_mask_.empty()) return true;
    const std::size_t n_columns = their_mask_.size() / (case_.episodes.size() * case_.n_steps());
    const std::size_t i = (b * case_.n_steps() + t) * n_columns;
    return i < their_mask_.size() && their_mask_[i] == 1;
  }

  // how the peers write the utility of an unavailable action
  bool is_masked(const Output& output, std::size_t b, std::size_t slot, std::size_t column,
                 double value) const {
    if (value != kMasked || output.rows != Rows::kSlots) return false;
    const auto n_actions = static_cast<std::size_t>(case_.spec.n_actions);
    return !case_.episodes[b].is_available(static_cast<int>(slot),
                                           static_cast<int>(column / n_actions),
                                           static_cast<core::Action>(column % n_actions));
  }

  // [B, T + 1 or T, ...] of theirs beside ours
  void padded(const Output& output) {
    const Array* array = theirs(output.name);
    const Tensor* ours = step_.find(output.name);
    if (array == nullptr || ours == nullptr) return;
    const std::size_t n_episodes = case_.episodes.size();
    const std::vector<std::size_t>& shape = array->shape();
    if (ours->shape.size() == 2 || shape.size() < 2) return whole(output.name, Kind::kValue);
    const bool is_slotted = output.rows == Rows::kSlots || output.rows == Rows::kNext;
    const std::size_t n_rows = shape[1];
    const bool rows_fit = n_rows == case_.n_steps() || (is_slotted && n_rows == case_.n_slots);
    const std::size_t n_columns = ours->values.size() / (n_episodes * ours->shape[1]);
    if (shape[0] != n_episodes || !rows_fit || array->size() != n_episodes * n_rows * n_columns) {
      throw Error(array->place() + ": expected shape " + arrays::shape_text(ours->shape) +
                  (is_slotted ? ", or one row more or less," : "") + " found " +
                  arrays::shape_text(shape));
    }
    // their row r is slot r + their_first; our row of a slot is slot - our_first
    const std::size_t their_first = is_slotted ? case_.n_slots - n_rows : 0;
    const std::size_t our_first = output.rows == Rows::kNext ? 1 : 0;
    const std::vector<double> values = array->as_doubles();
    std::vector<double> aligned(values.size(), 0.0);
    std::vector<double> bounds(values.size(), 0.0);
    const Tensor* certified = bound_of(output.name);
    std::vector<std::size_t> which;
    for (std::size_t b = 0; b < n_episodes; ++b) {
      for (std::size_t row = 0; row < n_rows; ++row) {
        const std::size_t slot = row + their_first;
        if (!counts(output.rows, b, slot) || slot < our_first) continue;
        const std::size_t our_row = b * ours->shape[1] + slot - our_first;
        if (slot - our_first >= ours->shape[1]) continue;
        for (std::size_t i = 0; i < n_columns; ++i) {
          const std::size_t at = (b * n_rows + row) * n_columns + i;
          if (is_masked(output, b, slot, i, values[at])) continue;
          aligned[at] = ours->values[our_row * n_columns + i];
          if (certified != nullptr) bounds[at] = certified->values[our_row * n_columns + i];
          which.push_back(at);
        }
      }
    }
    if (which.empty()) return;
    add(output.name, Kind::kValue, shape, aligned, values, which,
        certified != nullptr ? &bounds : nullptr, 0);
  }

  void whole(const std::string& name, Kind kind) {
    const Array* array = theirs(name);
    const Tensor* ours = step_.find(name);
    if (array == nullptr || ours == nullptr) return;
    if (array->size() != ours->values.size()) {
      throw Error(array->place() + ": expected shape " + arrays::shape_text(ours->shape) +
                  ", found " + arrays::shape_text(array->shape()));
    }
    const Tensor* certified = bound_of(name);
    add(name, kind, array->shape(), ours->values, array->as_doubles(), {},
        certified != nullptr ? &certified->values : nullptr, 0);
  }

  // gradients flow from the mixer's last layer to the agent's first: `backwards`
  void params(const std::string& prefix, Kind kind, bool backwards) {
    const std::vector<std::string> names = case_.file.names_under(prefix_ + prefix);
    if (names.empty()) return;
    std::map<const nn::TensorSpec*, std::vector<double>> stored;
    double largest = 0;
    for (const std::string& name : names) {
      const auto& [spec, values] =
          *stored.insert(read_param(case_.file, prefix_ + prefix, name, case_.layout)).first;
      for (const double x : values) {
        if (std::isfinite(x) && std::abs(x) > largest) largest = std::abs(x);
      }
      seen_.push_back(prefix + name);
    }
    std::vector<const nn::TensorSpec*> order;
    for (const nn::TensorSpec& spec : case_.layout.tensors()) order.push_back(&spec);
    if (backwards) std::ranges::reverse(order);
    for (const nn::TensorSpec* spec : order) {
      const Tensor* ours = step_.find(prefix + spec->name);
      const auto theirs = stored.find(spec);
      if (ours == nullptr || theirs == stored.end() || is_rounding_noise(spec->name)) continue;
      const Tensor* certified = bound_of(prefix + spec->name);
      add(prefix + spec->name, kind, spec->shape(), ours->values, theirs->second, {},
          certified != nullptr ? &certified->values : nullptr, largest);
    }
  }

  const Tensor* bound_of(const std::string& name) const {
    if (bounds_ == nullptr) return nullptr;
    const auto found = std::ranges::find(*bounds_, name, &Tensor::name);
    return found == bounds_->end() ? nullptr : &*found;
  }

  void add(const std::string& name, Kind kind, const std::vector<std::size_t>& shape,
           std::span<const double> ours, std::span<const double> theirs,
           std::span<const std::size_t> which, const std::vector<double>* certified,
           double largest_gradient) {
    Bound bound;
    if (certified != nullptr) {
      bound.of_each = *certified;
    } else {
      std::vector<double> compared;  // padding must not widen the bound
      for (const std::size_t i : which) compared.push_back(theirs[i]);
      bound = rule_.bound(dtype_, kind, which.empty() ? theirs : std::span<const double>(compared),
                          largest_gradient);
    }
    report_.tensors.push_back(
        oracle::compare(name, kind, dtype_, shape, ours, theirs, bound, which));
  }

  void note_ignored() {
    for (const std::string& name : case_.file.names_under(prefix_)) {
      if (std::ranges::find(seen_, name) == seen_.end()) report_.ignored.push_back(name);
    }
  }

  const Case& case_;
  const Step& step_;
  Dtype dtype_;
  const PassRule& rule_;
  const std::vector<Tensor>* bounds_;
  std::string prefix_;
  Report& report_;
  std::vector<double> their_mask_;
  std::vector<std::string> seen_;
};

}  // namespace

Dtype stored_dtype(const Case& input, Dtype dtype) {
  const Dtype own = dtype == Dtype::kF32 ? Dtype::kF32 : Dtype::kF64;
  const Dtype other = own == Dtype::kF32 ? Dtype::kF64 : Dtype::kF32;
  if (has_outputs(input, name_of(own))) return own;
  if (has_outputs(input, name_of(other))) return other;
  throw Error(input.file.source() +
              ": stores no outputs to compare with, neither f32/... nor f64/...");
}

Report compare_outputs(const Case& input, const Step& step, Dtype dtype, const PassRule& rule,
                       const std::vector<Tensor>* bounds) {
  Report report;
  report.source = input.file.source();
  report.dtype = dtype;
  report.tolerance = bounds == nullptr ? rule.in_words(dtype) : kCertifiedInWords;
  Comparer(input, step, dtype, rule, bounds, report).run();
  if (report.tensors.empty()) {
    throw Error(input.file.source() + ": none of the stored outputs " + name_of(dtype) +
                "/... is one that qtot computes");
  }
  report.reason = reason_of(input, step, report);
  return report;
}

Report check(const Case& input, const CheckOptions& options) {
  const Dtype stored = stored_dtype(input, options.dtype);
  const Step step = run_step(input, options.dtype);
  if (!options.certified) return compare_outputs(input, step, stored, options.rule);
  const std::vector<Tensor> bounds = certificate(input, stored);
  return compare_outputs(input, step, stored, options.rule, &bounds);
}

}  // namespace qtot::oracle
