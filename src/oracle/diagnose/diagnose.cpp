#include "qtot/oracle/diagnose.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

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

class Search {
 public:
  Search(const Case& input, const DiagnoseOptions& options)
      : case_(input), options_(options), dtype_(stored_dtype(input, Dtype::kF64)) {
    result_.source = input.file.source();
    result_.dtype = dtype_;
  }

  Diagnosis run() {
    result_.as_asked = compare(variant_of(case_));
    best_ = first_difference(result_.as_asked);
    if (result_.as_asked.agrees()) return std::move(result_);
    for (const Deviation& one : deviations()) try_out({&one});
    if (result_.explanations.empty() && options_.pairs) try_pairs();
    std::ranges::stable_sort(result_.explanations, {}, &Explanation::max_ulp);
    drop_coarser();
    return std::move(result_);
  }

 private:
  Report compare(const Variant& variant, int n_updates = 5) {
    ++result_.n_tried;
    const StepOptions step{
        .n_updates = n_updates, .params = nullptr, .target_params = nullptr, .variant = &variant};
    return compare_outputs(case_, run_step(case_, dtype_, step), dtype_, options_.rule);
  }

  void try_out(const std::vector<const Deviation*>& combination) {
    Variant variant = variant_of(case_);
    for (const Deviation* one : combination) {
      if (!one->apply(variant)) return;
    }
    try {
      // the second look, at five updates, is for who passed the first
      if (combination.size() > 1 && !compare(variant, 1).agrees()) return;
      const Report report = compare(variant);
      if (report.agrees()) return explain(combination, report);
      note_progress(combination, report);
    } catch (const Error&) {  // a deviation may end in gradients that are not finite
    }
  }

  void explain(const std::vector<const Deviation*>& combination, const Report& report) {
    Explanation found;
    for (const Deviation* one : combination) {
      found.ids.push_back(one->id);
      found.sentence += (found.sentence.empty() ? "" : "; and ") + one->sentence;
    }
    for (const TensorReport& tensor : report.tensors) {
      found.max_ratio = std::max(found.max_ratio, tensor.max_ratio);
      if (tensor.kind != Kind::kGradient) {  // sums that cancel have any number of ulp
        found.max_ulp = std::max(found.max_ulp, tensor.max_ulp);
      }
    }
    result_.explanations.push_back(std::move(found));
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
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i + 1; j < all.size(); ++j) {
        if (all[i].group != all[j].group) try_out({&all[i], &all[j]});
      }
    }
  }

  // What lies a thousand times further off than the best is the worse explanation, though within the
  // tolerance.
  void drop_coarser() {
    std::vector<Explanation>& found = result_.explanations;
    if (found.empty()) return;
    const double limit = 1000 * std::max(1.0, found.front().max_ulp);
    std::erase_if(found, [&](const Explanation& one) { return one.max_ulp > limit; });
  }

  const Case& case_;
  const DiagnoseOptions& options_;
  Dtype dtype_;
  Diagnosis result_;
  std::size_t best_ = 0;
};

std::string short_number(double x) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2g", x);
  return text.data();
}

std::string joined(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : " + ") + id;
  return text;
}

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
            ": reproduces every stored output, to " + short_number(one.max_ulp) +
            " ulp (gradients to " + short_number(one.max_ratio) + " of their bound)\n";
  }
  if (diagnosis.explanations.size() > 1) {
    text += "This case cannot tell these apart.\n";
  }
  return text;
}

}  // namespace qtot::oracle
