#include "qtot/replay/priorities.h"

#include <algorithm>
#include <cmath>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/philox.h"

namespace qtot::replay {
namespace {

constexpr std::size_t kDrawsPerStep =
    256;                                 // part of the definition of sample(), as the first step is
constexpr std::uint32_t kFirstStep = 1;  // uniform sampling has step 0

double uniform_of(std::uint64_t seed, std::uint64_t update, std::size_t draw) {
  math::Draws draws({.seed = seed,
                     .stream = math::Stream::kSampling,
                     .ticket = update,
                     .step = kFirstStep + static_cast<std::uint32_t>(draw / kDrawsPerStep),
                     .site = 0,
                     .index = static_cast<std::uint16_t>(draw % kDrawsPerStep)});
  return draws.uniform();
}

}  // namespace

Priorities::Priorities(std::size_t capacity, double alpha, bool skips_last)
    : capacity_(capacity),
      alpha_(alpha),
      skips_last_(skips_last),
      sums_(math::SegmentTree::Operation::kSum, capacity),
      minima_(math::SegmentTree::Operation::kMin, capacity) {}

void Priorities::advance(Ticket end) {
  QTOT_CHECK_LE(end_, end);
  const double value = math::pow(highest_, alpha_);
  for (; end_ < end; ++end_) set_leaf(end_, value);
}

void Priorities::sample(std::uint64_t seed, std::uint64_t update, double beta,
                        std::span<Ticket> tickets, std::span<double> weights) const {
  QTOT_CHECK_EQ(tickets.size(), weights.size());
  const std::size_t n_leaves = std::min<std::size_t>(end_, capacity_);
  const std::size_t n_drawn_from = skips_last_ ? n_leaves - 1 : n_leaves;
  QTOT_CHECK(n_leaves >= 1 && n_drawn_from >= 1);
  const double stratum = sums_.reduce(0, n_drawn_from) / static_cast<double>(tickets.size());
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    const double mass = (static_cast<double>(i) + uniform_of(seed, update, i)) * stratum;
    // rounding may carry the mass of the last stratum to the total
    tickets[i] = ticket_of(std::min(sums_.find_prefix(mass), n_drawn_from - 1));
  }
  std::ranges::sort(tickets);
  const double lowest = minima_.total();
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    weights[i] = math::pow(sums_.at(leaf_of(tickets[i])) / lowest, -beta);
  }
}

void Priorities::set(std::span<const Ticket> tickets, std::span<const double> priorities) {
  QTOT_CHECK_EQ(tickets.size(), priorities.size());
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    QTOT_CHECK(tickets[i] < end_ && end_ - tickets[i] <= capacity_);
    QTOT_CHECK(priorities[i] > 0 && std::isfinite(priorities[i]));
    set_leaf(tickets[i], math::pow(priorities[i], alpha_));
    highest_ = std::max(highest_, priorities[i]);
  }
}

std::vector<double> Priorities::leaves(Ticket oldest) const {
  QTOT_CHECK(oldest <= end_ && end_ - oldest <= capacity_);
  std::vector<double> values;
  for (Ticket ticket = oldest; ticket < end_; ++ticket) {
    values.push_back(sums_.at(leaf_of(ticket)));
  }
  return values;
}

void Priorities::restore(Ticket end, std::span<const double> leaves, double highest) {
  QTOT_CHECK_EQ(end_, Ticket{0});
  QTOT_CHECK(leaves.size() <= capacity_ && leaves.size() <= end);
  const Ticket oldest = end - leaves.size();
  for (std::size_t i = 0; i < leaves.size(); ++i) set_leaf(oldest + i, leaves[i]);
  highest_ = highest;
  end_ = end;
}

// The newest that has the leaf.
Ticket Priorities::ticket_of(std::size_t leaf) const {
  const std::size_t newest = leaf_of(end_ - 1);
  return end_ - 1 - (newest >= leaf ? newest - leaf : newest + capacity_ - leaf);
}

void Priorities::set_leaf(Ticket ticket, double value) {
  sums_.set(leaf_of(ticket), value);
  minima_.set(leaf_of(ticket), value);
}

}  // namespace qtot::replay
