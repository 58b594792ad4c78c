#pragma once

#include <string>
#include <string_view>

namespace qtot {

/// A text out of a file, fit for a message of one line: every byte that is no printable ASCII as \xNN,
/// and at most the first 200 bytes, then "...".
std::string printable(std::string_view text);

}  // namespace qtot
