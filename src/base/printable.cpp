#include "qtot/base/printable.h"

namespace qtot {

std::string printable(std::string_view text) {
  constexpr std::size_t kMaxShown = 200;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown;
  for (const char c : text.substr(0, kMaxShown)) {
    if (c >= ' ' && c <= '~') {
      shown += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      shown += "\\x";
      shown += kDigits[byte >> 4];
      shown += kDigits[byte & 15];
    }
  }
  return text.size() > kMaxShown ? shown + "..." : shown;
}

}  // namespace qtot
