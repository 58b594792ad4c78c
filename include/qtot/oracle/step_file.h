#pragma once

#include "qtot/arrays/npz.h"
#include "qtot/oracle/case.h"
#include "qtot/oracle/step.h"

namespace qtot::oracle {

/// A case file with the outputs of a step: `meta` (with the keys of `with`), `in/...`, `param/...`,
/// `tparam/...` of the case, and "f32/<name>", "f64/<name>", or "wide/<name>" and "wide_rest/<name>",
/// doubles whose sum is the wide value to twice double's precision.
arrays::Npz step_file(const Case& input, const Step& step, Dtype dtype, const config::Map& with);

}  // namespace qtot::oracle
