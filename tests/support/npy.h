#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "support/npz.h"

namespace qtot::test {

/// Parses one npy file (format 1.0 to 3.0). `name` begins every message. The header's shape must
/// account for every byte that follows it.
Array parse_npy(std::span<const std::byte> bytes, const std::string& name);

}  // namespace qtot::test
