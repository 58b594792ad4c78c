#include "qtot/env/uniform_play.h"

#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::env {

core::Action uniform_action(std::span<const std::uint8_t> avail, int agent, Chance& chance) {
  std::uint32_t n_available = 0;
  for (const std::uint8_t is_available : avail) n_available += is_available;
  QTOT_CHECK_GT(n_available, 0U);
  std::uint32_t skip = chance.choose(0, agent, n_available);
  std::size_t action = 0;
  while (avail[action] == 0 || skip-- > 0) ++action;
  return static_cast<core::Action>(action);
}

}  // namespace qtot::env
