#pragma once

#include <string>

namespace qtot::report {

/// The shortest digits that read back to the same bits.
std::string exact(double value);

/// With `n_decimals` digits behind the point; never "-0".
std::string fixed(double value, int n_decimals);

/// The same without trailing zeros.
std::string trimmed(double value, int n_decimals);

}  // namespace qtot::report
