#pragma once

#include <string>

#include "qtot/oracle/check.h"

namespace qtot::oracle {

/// A tolerance as a user writes it: "pass" (the pass rule), "certified" (bounds of certificate.h), or the
/// numbers of the pass rule that differ, "value=1e-5,gradient=1e-3"; the names are PassRule's. Throws
/// Error, naming the part of the text, for anything else.
CheckOptions read_tolerance(const std::string& text, Dtype dtype);

/// "f32", "f64" or "wide". Throws Error for anything else.
Dtype read_dtype(const std::string& text);

}  // namespace qtot::oracle
