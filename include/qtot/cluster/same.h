#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qtot/cluster/transport.h"

namespace qtot::cluster {

using Texts = std::vector<std::pair<std::string, std::string>>;  // keys and what stands there

/// "" or the first difference of `theirs` from rank 0's:
///   cluster: configuration of rank 2: lr = 0.001, but rank 0 has 0.0005
std::string difference(std::string_view what, int rank, const Texts& theirs,
                       const Texts& of_rank_0);

/// Every rank must have the same texts as rank 0, under the same keys. Otherwise the first difference of
/// the lowest rank that has one is an Error, on every rank. Uses the control channel.
void require_same(Transport& transport, std::string_view what, const Texts& ours);

}  // namespace qtot::cluster
