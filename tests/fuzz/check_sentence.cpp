#include <algorithm>

#include "fuzz/targets.h"
#include "qtot/base/check.h"

namespace qtot::fuzz {

void check_sentence(const std::string& sentence, const std::string& start) {
  constexpr std::size_t kMaxBytes = 2000;
  QTOT_CHECK_LE(sentence.size(), kMaxBytes);
  QTOT_CHECK(sentence.starts_with(start));
  QTOT_CHECK(std::ranges::all_of(sentence, [](char c) { return c >= ' ' && c <= '~'; }));
}

}  // namespace qtot::fuzz
