#include "learner/objectives/objective.h"
#include "qtot/base/error.h"

namespace qtot::learner {
namespace {

[[noreturn]] void refuse(const std::string& name) {
  std::string names;
  for (const ObjectiveFamily& family : objective_families()) {
    names += (names.empty() ? "" : ", ") + family.name;
  }
  throw Error("objective = \"" + name + "\": no such objective; expected one of " + names);
}

}  // namespace

const std::vector<ObjectiveFamily>& objective_families() {
  static const std::vector<ObjectiveFamily> all = {
#define QTOT_OBJECTIVE(name, summary) {#name, summary},
#include "learner/objectives/objectives.def"
#undef QTOT_OBJECTIVE
  };
  return all;
}

template <class T>
const Objective<T>& objective_of(const std::string& name) {
#define QTOT_OBJECTIVE(known, summary) \
  if (name == #known) return known##_objective<T>();
#include "learner/objectives/objectives.def"
#undef QTOT_OBJECTIVE
  refuse(name);
}

#define QTOT_INSTANTIATE(T) template const Objective<T>& objective_of<T>(const std::string&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
