#include "qtot/oracle/diagnose.h"

#include <algorithm>

#include "oracle/format.h"
#include "qtot/base/error.h"
#include "qtot/oracle/check.h"

namespace qtot::oracle {
namespace {

// Position of the first tensor that differs; past the end when all agree.
std::size_t first_difference(const Report& report) {
  const TensorReport* first = report.first_difference();
  return first == nullptr ? report.tensors.size()
                          : static_cast<std::size_t>(first - report.tensors.data());
}

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : " + ") + id;
  return text;
}

// Something that explains everything, with the numbers it gave.
struct Found {
  Explanation explanation;
  Step step;
};

bool same_numbers(const Step& a, const Step& b) {
  return std::ranges::equal(a.tensors, b.tensors,
                            [](const Tensor& x, const Tensor& y) { return x.values == y.values; });
}

Explanation explanation_of(const std::vector<const Deviation*>& combination, const Report& report) {
  Explanation result;
  for (const Deviation* one : combination) {
    result.ids.push_back(one->id);
    result.sentence += (result.sentence.empty() ? "" : "; and ") + one->sentence;
  }
  for (const TensorReport& tensor : report.tensors) {
    result.max_ratio = std::max(result.max_ratio, tensor.max_ratio);
    if (tensor.kind != Kind::kGradient) {  // sums that cancel have any number of ulp
      result.max_ulp = std::max(result.max_ulp, tensor.max_ulp);
    }
  }
  return result;
}

class Search {
 public:
  Search(const Case& input, const DiagnoseOptions& options)
      : case_(input), options_(options), dtype_(stored_dtype(input, Dtype::kF64)) {
    result_.source = input.file.source();
    result_.dtype = dtype_;
  }

  Diagnosis run() {
    result_.as_asked = compare(step_of(variant_of(case_)));
    best_ = first_difference(result_.as_asked);
    if (result_.as_asked.agrees()) return std::move(result_);
    n_combinations_ = deviations().size();
    for (const Deviation& one : deviations()) try_out({&one});
    if (found_.empty() && options_.pairs) try_pairs();
    if (options_.progress) options_.progress(n_combinations_, n_combinations_);
    rank();
    return std::move(result_);
  }

 private:
  Step step_of(const Variant& variant, int n_updates = 5) {
    ++result_.n_tried;
    return run_step(
        case_, dtype_,
        {.n_updates = n_updates, .params = nullptr, .target_params = nullptr, .variant = &variant});
  }

  Report compare(const Step& step) const {
    return compare_outputs(case_, step, dtype_, options_.rule);
  }

  void try_out(const std::vector<const Deviation*>& combination) {
    if (options_.progress) options_.progress(n_seen_++, n_combinations_);
    Variant variant = variant_of(case_);
    for (const Deviation* one : combination) {
      if (!one->apply(variant)) return;
    }
    try {
      // the second look, at five updates, is for who passed the first
      if (combination.size() > 1 && !passes_first_update(variant)) return;
      Step step = step_of(variant);
      const Report report = compare(step);
      if (report.agrees()) {
        found_.push_back({explanation_of(combination, report), std::move(step)});
      } else {
        note_progress(combination, report);
      }
    } catch (const Error&) {  // a deviation may end in gradients that are not finite
    }
  }

  // What stores nothing of the first update has to wait for the fifth.
  bool passes_first_update(const Variant& variant) {
    const bool has_first = std::ranges::any_of(result_.as_asked.tensors, [](const auto& tensor) {
      return !tensor.name.starts_with("param5/") && tensor.name != "losses" &&
             tensor.name != "grad_norms";
    });
    return !has_first || compare(step_of(variant, 1)).agrees();
  }

  void note_progress(const std::vector<const Deviation*>& combination, const Report& report) {
    const std::size_t first = first_difference(report);
    if (combination.size() > 1 || first <= best_) return;
    best_ = first;
    result_.partial =
        combination[0]->sentence + " explains everything before " + report.tensors[first].name;
  }

  void try_pairs() {
    const std::vector<Deviation>& all = deviations();
    std::vector<std::vector<const Deviation*>> pairs;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i + 1; j < all.size(); ++j) {
        if (all[i].group != all[j].group) pairs.push_back({&all[i], &all[j]});
      }
    }
    n_combinations_ += pairs.size();
    for (const auto& pair : pairs) try_out(pair);
  }

  // Nearest first. What lies a thousand times further off is the worse explanation, though within the
  // tolerance; what gives the very same numbers cannot be told apart and joins the first of them.
  void rank() {
    std::ranges::stable_sort(found_, {}, [](const Found& f) { return f.explanation.max_ulp; });
    std::vector<const Found*> heads;
    for (Found& one : found_) {
      constexpr double kCoarser = 1000;
      const double nearest = std::max(1.0, found_.front().explanation.max_ulp);
      if (one.explanation.max_ulp > kCoarser * nearest) break;
      const auto same = std::ranges::find_if(
          heads, [&](const Found* head) { return same_numbers(head->step, one.step); });
      if (same == heads.end()) {
        heads.push_back(&one);
        result_.explanations.push_back(one.explanation);
      } else {
        result_.explanations[static_cast<std::size_t>(same - heads.begin())].same_numbers.push_back(
            joined(one.explanation.ids));
      }
    }
  }

  const Case& case_;
  const DiagnoseOptions& options_;
  Dtype dtype_;
  Diagnosis result_;
  std::vector<Found> found_;
  std::size_t best_ = 0;
  std::size_t n_seen_ = 0;
  std::size_t n_combinations_ = 0;
};

}  // namespace

Diagnosis diagnose(const Case& input, const DiagnoseOptions& options) {
  return Search(input, options).run();
}

std::string to_text(const Diagnosis& diagnosis) {
  const std::string head = diagnosis.source + ", " + name_of(diagnosis.dtype) + ": ";
  if (diagnosis.as_asked.agrees()) return head + "agrees as it is, nothing to explain\n";
  const TensorReport& first = *diagnosis.as_asked.first_difference();
  std::string text = head + "differs first in " + first.name;
  if (const std::string place = place_text(first); !place.empty()) text += " at " + place;
  text += "\n";
  const std::string tried = std::to_string(diagnosis.n_tried) + " computations";
  if (diagnosis.explanations.empty()) {
    text +=
        "none: no deviation of the catalogue, alone or with a second one, gives these numbers (" +
        tried + ")\n";
    if (!diagnosis.partial.empty()) text += "nearest: " + diagnosis.partial + "\n";
    return text;
  }
  int rank = 0;
  for (const Explanation& one : diagnosis.explanations) {
    text += std::to_string(++rank) + ". " + one.sentence + "\n   " + joined(one.ids) +
            ": reproduces every stored output, to " + number(one.max_ulp, 2) + " ulp\n";
    for (const std::string& same : one.same_numbers) {
      text += "   " + same + " gives the very same numbers on this case\n";
    }
  }
  if (diagnosis.explanations.size() > 1) {
    text += "This case cannot tell these apart.\n";
  }
  return text;
}

}  // namespace qtot::oracle
