#pragma once

#include <memory>

#include "env_check/trace_env.h"

/// The recordings of robotic-warehouse, replayed by our `rware`.
namespace qtot::env {

/// env_args from the header's `config`. The last step terminates as in the reference, and ties between
/// equally long queues are drawn, so that the recording can say who went.
config::Map rware_args(const Json& config, const Place& place);

/// The chance of one recorded step. `u.moved`, which agents left their cells, settles the ties.
/// `u.new_requests` lists pairs (place in the queue, the shelf that is requested there now), by place;
/// which goal each belongs to is told by the shelves that stand on the goals afterwards. Where the left
/// goal's delivery requests the very shelf on the right goal, that is delivered in the same step and its
/// place filled again: the list may have both shelves of the place in their order, or the last alone, and
/// then a payment for the right goal tells that this happened.
std::unique_ptr<ScriptedChance> rware_script(const Json& config, const Json& line,
                                             const DecPomdpSpec& spec, const Snapshot& ours,
                                             const Place& place);

}  // namespace qtot::env
