#include "oracle/reason.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "oracle/format.h"

namespace qtot::oracle {
namespace {

bool is_per_step(const TensorReport& tensor) {
  return tensor.place.size() >= 3 && tensor.kind == Kind::kValue;
}

// The greedy actions of slot t + 1 stand behind the targets of step t.
std::optional<std::size_t> slot_of_choice(const TensorReport& tensor, const Case& input) {
  if (!is_per_step(tensor)) return std::nullopt;
  const std::size_t row = tensor.place[1];
  const bool has_slot_rows = tensor.shape[1] == input.n_slots;
  const std::string& name = tensor.name;
  if (name == "cur_max_actions") return has_slot_rows ? row : row + 1;
  if (name == "target_max_agent_q" || name == "target_max_qvals") {
    return has_slot_rows ? row : row + 1;
  }
  if (name == "targets" || name == "td_error" || name == "masked_td_error") return row + 1;
  return std::nullopt;
}

struct Margin {
  double value = 0;
  std::size_t agent = 0;
  int best = 0;
  int second = 0;
};

// The agent of a slot whose best available action leads the next by least.
std::optional<Margin> smallest_margin(const Case& input, const Step& step, std::size_t b,
                                      std::size_t slot) {
  const core::Episode& episode = input.episodes[b];
  if (static_cast<int>(slot) >= episode.n_slots()) return std::nullopt;
  const char* const source = input.learner.double_q ? "agent_q" : "target_agent_q";
  const Tensor& qs = *step.find(source);
  const auto n_agents = static_cast<std::size_t>(input.spec.n_agents);
  const auto n_actions = static_cast<std::size_t>(input.spec.n_actions);
  std::optional<Margin> smallest;
  for (std::size_t n = 0; n < n_agents; ++n) {
    const double* q = qs.values.data() + ((b * input.n_slots + slot) * n_agents + n) * n_actions;
    int best = -1;
    int second = -1;
    for (int a = 0; a < input.spec.n_actions; ++a) {
      if (!episode.is_available(static_cast<int>(slot), static_cast<int>(n), a)) continue;
      if (best < 0 || q[a] > q[best]) {
        second = best;
        best = a;
      } else if (second < 0 || q[a] > q[second]) {
        second = a;
      }
    }
    if (second < 0) continue;  // no choice
    const double margin = q[best] - q[second];
    if (!smallest || margin < smallest->value) {
      smallest = Margin{.value = margin, .agent = n, .best = best, .second = second};
    }
  }
  return smallest;
}

std::string choice_sentence(const Case& input, const Step& step, const TensorReport& first) {
  const auto slot = slot_of_choice(first, input);
  if (!slot) return "";
  const auto margin = smallest_margin(input, step, first.place[0], *slot);
  if (!margin) return "";
  constexpr double kNearTie = 1e-5;
  const bool is_near = margin->value < kNearTie;
  return "The closest greedy choice at slot " + std::to_string(*slot) + " is agent " +
         std::to_string(margin->agent) + "'s: action " + std::to_string(margin->best) +
         " leads action " + std::to_string(margin->second) + " by " + number(margin->value, 3) +
         (is_near ? ", a tie to rounding." : ", no tie.");
}

std::string step_sentence(const Case& input, const TensorReport& first) {
  if (!is_per_step(first)) return "";
  const core::Episode& episode = input.episodes[first.place[0]];
  const auto row = static_cast<int>(first.place[1]);
  const int length = episode.length();
  const std::string b = "Episode " + std::to_string(first.place[0]);
  const std::string steps = std::to_string(length) + (length == 1 ? " step" : " steps");
  const std::string end = episode.terminated() ? " terminates after " : " is truncated after ";
  std::string here = ": an inner step.";
  if (row > length) {
    here = ": this is padding.";
  } else if (row == length) {
    here = ": this is the slot behind the last step.";
  } else if (row == length - 1) {
    here = episode.terminated() ? ": this is the terminal step, which does not bootstrap."
                                : ": this is the last step, which bootstraps from slot " +
                                      std::to_string(length) + ".";
  }
  return b + end + steps + here;
}

// Whether theirs is one number times ours in every element that was compared: needs the values.
std::string factor_sentence(const Case& input, const Step& step, const Report& report,
                            const TensorReport& first) {
  const Tensor* ours = step.find(first.name);
  const std::string member = name_of(report.dtype) + "/" + first.name;
  if (ours == nullptr || !input.file.contains(member)) return "";
  const std::vector<double> theirs = input.file.at(member).as_doubles();
  if (theirs.size() != ours->values.size() || first.ours == 0) return "";
  const double factor = first.theirs / first.ours;
  const double precision = report.dtype == Dtype::kF32 ? 1e-4 : 1e-9;
  std::size_t n_seen = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    if (ours->values[i] == 0) continue;
    if (!(std::abs(theirs[i] - factor * ours->values[i]) <= precision * std::abs(theirs[i]))) {
      return "";
    }
    ++n_seen;
  }
  const bool is_one = std::abs(factor - 1) <= precision;
  if (n_seen == 0 || is_one || !std::isfinite(factor)) return "";
  return "Theirs is " + number(factor, 3) + " times ours" +
         (n_seen > 1 ? " in every element." : ".");
}

std::string before_sentence(const Report& report, const TensorReport& first) {
  if (&first == report.tensors.data()) return "It is the first tensor that was compared.";
  if (first.kind == Kind::kGradient) {
    return "All values of the forward pass that were stored agree: look at the backward pass.";
  }
  if (first.name == "grad_norm") return "All gradients that were stored agree: look at the norm.";
  if (first.name.starts_with("param1/")) {
    return "All gradients that were stored agree: look at the clipping and the optimiser.";
  }
  if (first.kind == Kind::kParam || first.name == "losses" || first.name == "grad_norms") {
    return "The first update agrees: look at the optimiser's state and the target updates.";
  }
  return "Everything that was stored before it agrees, up to " + (&first - 1)->name + ".";
}

}  // namespace

std::string reason_of(const Case& input, const Step& step, const Report& report) {
  const TensorReport* first = report.first_difference();
  if (first == nullptr) return "";
  if (!first->note.empty()) return first->note;
  std::string text;
  for (const std::string& sentence :
       {before_sentence(report, *first), step_sentence(input, *first),
        choice_sentence(input, step, *first), factor_sentence(input, step, report, *first)}) {
    if (sentence.empty()) continue;
    text += (text.empty() ? "" : " ") + sentence;
  }
  return text;
}

}  // namespace qtot::oracle
