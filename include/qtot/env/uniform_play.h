#pragma once

#include <cstdint>
#include <span>

#include "qtot/core/dec_pomdp_spec.h"
#include "qtot/env/chance.h"

namespace qtot::env {

/// One of the available actions of `agent`, each as likely: how somebody plays who knows nothing.
/// avail [A], 0 or 1, at least one of them 1. Draws site 0 of `chance`.
core::Action uniform_action(std::span<const std::uint8_t> avail, int agent, Chance& chance);

}  // namespace qtot::env
