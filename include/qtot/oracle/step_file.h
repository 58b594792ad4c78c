#pragma once

#include "qtot/arrays/npz.h"
#include "qtot/oracle/case.h"
#include "qtot/oracle/step.h"

namespace qtot::oracle {

/// A case file with the outputs of a step: `meta` (with the keys of `with`), `in/...`, `param/...`,
/// `tparam/...` of the case, and "f32/<name>" or "f64/<name>". Of a wide step "f64/<name>" are the nearest
/// doubles and "wide_rest/<name>" what they leave over, again as doubles.
arrays::Npz step_file(const Case& input, const Step& step, Dtype dtype, const config::Map& with);

}  // namespace qtot::oracle
