#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "qtot/cluster/transport.h"

/// What is told to many ranks, built from messages between two. All ranks call the same functions in the same
/// order. R ranks take ceil(log2 R) steps, in each of which a rank sends one message and receives one.
namespace qtot::cluster {

/// `blocks` are n_ranks() blocks of the same size, rank after rank, of which this rank's own is filled.
/// Afterwards all are.
void all_gather(Transport& transport, Channel channel, std::span<std::byte> blocks);

/// The same among ranks 0 .. n_members - 1, called by these alone. `scratch` is memory to work in, kept
/// from call to call.
void all_gather(Transport& transport, Channel channel, int n_members, std::span<std::byte> blocks,
                std::vector<std::byte>& scratch);

/// What ranks 0 .. n_holders - 1 all have, the others have afterwards.
void spread(Transport& transport, Channel channel, int n_holders, std::span<std::byte> bytes);

}  // namespace qtot::cluster
