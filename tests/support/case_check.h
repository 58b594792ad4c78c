#pragma once

#include "support/agreement.h"
#include "support/case.h"

namespace qtot::test {

/// Five updates on the case's batch in T, as the peer made them, compared in dataflow order with what
/// it recorded: utilities, greedy actions, chosen and greedy values, joint values, targets, TD error,
/// mask, loss, gradients and their norm of the first update; parameters after one and after five;
/// loss and norm of each. Compared is what the peer's mask lets into the loss; beyond it the peer
/// calculates with -9999999 and rounding of order 1.
template <class T>
Agreement check_case(const Case& input);

}  // namespace qtot::test
