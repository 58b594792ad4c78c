#include "qtot/env/chance.h"

#include "qtot/base/check.h"

namespace qtot::env {

math::Draws PhiloxChance::draws(int site, int index) const {
  QTOT_CHECK_GE(site, 0);
  QTOT_CHECK_LT(site, 1 << 8);
  QTOT_CHECK_GE(index, 0);
  QTOT_CHECK_LT(index, 1 << 16);
  math::DrawKey key = key_;
  key.site = static_cast<std::uint8_t>(site);
  key.index = static_cast<std::uint16_t>(index);
  return math::Draws(key);
}

std::uint32_t PhiloxChance::choose(int site, int index, std::uint32_t n) {
  return draws(site, index).below(n);
}

bool PhiloxChance::happens(int site, int index, double p) {
  return uniform(site, index) < p;
}

double PhiloxChance::uniform(int site, int index) {
  return draws(site, index).uniform();
}

void PhiloxChance::shuffle(int site, std::span<int> items) {
  math::Draws source = draws(site, 0);
  math::shuffle(source, items);
}

}  // namespace qtot::env
