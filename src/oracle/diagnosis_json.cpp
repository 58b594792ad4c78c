#include "qtot/oracle/diagnosis_json.h"

#include <nlohmann/json.hpp>

namespace qtot::oracle {

nlohmann::ordered_json to_json(const Diagnosis& diagnosis) {
  nlohmann::ordered_json explanations = nlohmann::ordered_json::array();
  for (const Explanation& one : diagnosis.explanations) {
    explanations.push_back({{"ids", one.ids},
                            {"sentence", one.sentence},
                            {"max_ulp", one.max_ulp},
                            {"error_over_bound", one.max_ratio},
                            {"same_numbers", one.same_numbers}});
  }
  const bool agrees = diagnosis.as_asked.agrees();
  return {{"source", diagnosis.source},
          {"dtype", name_of(diagnosis.dtype)},
          {"agrees", agrees},
          {"explained", agrees || !diagnosis.explanations.empty()},
          {"explanations", std::move(explanations)},
          {"nearest", diagnosis.partial},
          {"computations", diagnosis.n_tried}};
}

}  // namespace qtot::oracle
