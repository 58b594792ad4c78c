#pragma once

#include <string>

#include "qtot/config/value.h"

namespace qtot::yaml {

/// What a plain (unquoted) scalar means. Throws Error for a number beyond the range of double.
config::Value plain_scalar(const std::string& text, const std::string& origin);

bool is_utf8(const std::string& text);

}  // namespace qtot::yaml
