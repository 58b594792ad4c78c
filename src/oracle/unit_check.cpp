#include "qtot/oracle/unit_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "oracle/unit/unit.h"
#include "qtot/base/error.h"
#include "qtot/math/scalars.h"

namespace qtot::oracle {
namespace {

enum class Part {
  kGruCell,
  kFunctions,
  kLambdaReturns,
  kOptimisers,
  kClipping,
  kMixer,
  kSchedules
};

bool has_any(const arrays::Npz& file, const std::vector<std::string>& members) {
  return std::ranges::any_of(members, [&](const std::string& name) { return file.contains(name); });
}

// By members that no other kind of file has; several for each, so that a file which lacks one is still
// known for what it is.
std::optional<Part> part_of(const arrays::Npz& file) {
  if (has_any(file, {"in/obs", "in/actions", "in/filled"}))
    return std::nullopt;  // a learner's case
  if (has_any(file, {"0/in/rewards", "0/in/target_qs", "0/f64/td_lambda"})) {
    return Part::kLambdaReturns;
  }
  if (has_any(file, {"0/in/p0", "0/in/g0_0", "0/f64/p0_after1"})) return Part::kOptimisers;
  if (has_any(file, {"0/in/g0", "0/f64/norm", "0/f64/clipped0"})) return Part::kClipping;
  if (has_any(file, {"in/agent_qs", "f64/grad_agent_qs"})) return Part::kMixer;
  if (has_any(file, {"in/tree_values", "in/t", "in/mass"})) return Part::kSchedules;
  if (has_any(file, {"in/h", "param/weight_ih", "param/weight_hh"})) return Part::kGruCell;
  if (has_any(file, {"param/layernorm.weight", "f32/relu/out", "f64/relu/out"})) {
    return Part::kFunctions;
  }
  return std::nullopt;
}

template <class T>
void check_part(Part part, unit::Unit& unit) {
  switch (part) {
    case Part::kGruCell:
      return unit::check_gru_cell<T>(unit);
    case Part::kFunctions:
      return unit::check_functions<T>(unit);
    case Part::kLambdaReturns:
      return unit::check_lambda_returns<T>(unit);
    case Part::kOptimisers:
      return unit::check_optimisers<T>(unit);
    case Part::kClipping:
      return unit::check_clipping<T>(unit);
    case Part::kMixer:
      return unit::check_mixer<T>(unit);
    case Part::kSchedules:
      return unit::check_schedules(unit);
  }
}

}  // namespace

bool is_unit_file(const arrays::Npz& file) {
  return part_of(file).has_value();
}

Report check_unit(const arrays::Npz& file, Dtype dtype, const PassRule& rule) {
  const std::optional<Part> part = part_of(file);
  if (!part) {
    throw Error(file.source() +
                ": its members are those of no unit file: neither a GRU cell, functions, "
                "lambda-returns, optimisers, clipping, a mixer nor schedules");
  }
  unit::Unit unit(file, part == Part::kSchedules ? Dtype::kF64 : dtype, rule);
  switch (dtype) {
    case Dtype::kF32:
      check_part<float>(*part, unit);
      break;
    case Dtype::kF64:
      check_part<double>(*part, unit);
      break;
    case Dtype::kWide:
#ifdef QTOT_WIDE
      check_part<math::Wide>(*part, unit);
      break;
#else
      throw Error("wide arithmetic is not in this build");
#endif
  }
  return unit.finish();
}

}  // namespace qtot::oracle
