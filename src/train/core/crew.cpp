#include "qtot/train/crew.h"

namespace qtot::train {

bool Crew::keeps(core::Ticket ticket) const {
  return ticket % static_cast<core::Ticket>(n_ranks()) == static_cast<core::Ticket>(rank());
}

rollout::Round Crew::part_of(const rollout::Round& whole) const {
  const auto n = static_cast<core::Ticket>(n_ranks());
  const core::Ticket end = whole.first + whole.count;
  rollout::Round part = whole;
  // the first ticket from whole.first on that this rank keeps
  part.first += (static_cast<core::Ticket>(rank()) + n - whole.first % n) % n;
  part.stride = static_cast<std::size_t>(n);
  part.count = part.first < end ? static_cast<std::size_t>((end - part.first + n - 1) / n) : 0;
  return part;
}

}  // namespace qtot::train
