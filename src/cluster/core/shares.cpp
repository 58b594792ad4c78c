#include "qtot/cluster/shares.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "qtot/base/check.h"

namespace qtot::cluster {
namespace {

// How far a cut may lie from where costs are equal, in parts of a rank's share.
constexpr std::int64_t kSlack = 8;

int divisibility(std::size_t position) {
  return position == 0 ? 64 : std::countr_zero(position);
}

}  // namespace

std::vector<learner::Positions> cut_batch(std::span<const std::int64_t> costs, int n_ranks) {
  QTOT_CHECK_GE(n_ranks, 1);
  std::vector<std::int64_t> before = {0};  // cost of all positions below
  for (const std::int64_t cost : costs) before.push_back(before.back() + cost + 1);
  const std::int64_t total = before.back();
  std::vector<std::size_t> cuts = {0};
  for (int rank = 1; rank < n_ranks; ++rank) {
    const std::int64_t even = total * rank / n_ranks;
    const auto distance = [&](std::size_t position) { return std::abs(before[position] - even); };
    std::size_t best = cuts.back();
    for (std::size_t position = best; position <= costs.size(); ++position) {
      if (distance(position) < distance(best)) best = position;
    }
    const std::int64_t slack = total / n_ranks / kSlack;
    std::size_t chosen = best;
    for (std::size_t position = cuts.back(); position <= costs.size(); ++position) {
      if (distance(position) > slack) continue;
      if (divisibility(position) > divisibility(chosen)) chosen = position;
    }
    cuts.push_back(chosen);
  }
  cuts.push_back(costs.size());
  std::vector<learner::Positions> shares;
  for (std::size_t i = 1; i < cuts.size(); ++i) {
    shares.push_back({.first = cuts[i - 1], .end = cuts[i]});
  }
  return shares;
}

}  // namespace qtot::cluster
