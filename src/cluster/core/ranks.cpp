#include "qtot/cluster/ranks.h"

#include <algorithm>
#include <map>
#include <utility>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/cluster/collectives.h"
#include "qtot/cluster/episode_bytes.h"
#include "qtot/cluster/shares.h"

namespace qtot::cluster {
namespace {

std::size_t index(int i) {
  return static_cast<std::size_t>(i);
}

// Outlines of other ranks lie in the ring like whole episodes.
void publish_outline(replay::EpisodeRing& ring, core::Ticket ticket, const core::DecPomdpSpec& spec,
                     const Outline& outline, core::Extras extras) {
  core::Episode& slot = ring.slot_for(ticket);
  slot.set_outline(spec, outline.rewards, outline.stats.terminated, extras);
  slot.finish();  // gives back what a whole episode filled before
  ring.publish(ticket);
}

// Steps; of an episode that nobody has played yet as many as the others have on average.
std::vector<std::int64_t> costs_of(const replay::EpisodeRing& ring,
                                   std::span<const core::Ticket> tickets) {
  std::vector<std::int64_t> costs;
  std::int64_t sum = 0;
  std::int64_t n = 0;
  for (const core::Ticket ticket : tickets) {
    if (ticket >= ring.end()) break;  // tickets ascend
    costs.push_back(ring.episode(ticket).length());
    sum += costs.back();
    ++n;
  }
  costs.resize(tickets.size(), n > 0 ? sum / n : 0);
  return costs;
}

// The first rank that has not what most have; of two the second. -1: all have the same.
int odd_one_out(int n_ranks, FunctionRef<Fingerprint(int rank)> of) {
  std::map<Fingerprint, int> counts;
  for (int r = 0; r < n_ranks; ++r) ++counts[of(r)];
  if (counts.size() == 1) return -1;
  Fingerprint usual = of(0);
  for (const auto& [print, count] : counts) {
    if (count > counts[usual]) usual = print;
  }
  int odd = 0;
  while (of(odd) == usual) ++odd;
  return odd;
}

}  // namespace

Ranks::Ranks(Transport& transport, std::function<bool()> wants_stop)
    : transport_(transport), wants_stop_(std::move(wants_stop)), gradient_sum_(transport) {}

int Ranks::home_of(core::Ticket ticket) const {
  return static_cast<int>(ticket % static_cast<core::Ticket>(n_ranks()));
}

// A block of each rank: one byte that says whether it wants to stop, then its outlines.
std::vector<rollout::EpisodeStats> Ranks::share(const rollout::Round& whole,
                                                const std::vector<rollout::EpisodeStats>& own) {
  stand_at("outlines of a round");
  const core::DecPomdpSpec& spec = whole.policy.agent->config().spec;
  const bool has_rewards = whole.ring != nullptr;
  const auto n = static_cast<std::size_t>(n_ranks());
  const std::size_t outline = n_outline_bytes(has_rewards ? spec.episode_limit : 0);
  const std::size_t block = 8 + (whole.count + n - 1) / n * outline;
  outlines_.assign(n * block, std::byte{0});
  const auto block_of = [&](int rank) {
    return std::span(outlines_).subspan(index(rank) * block, block);
  };
  const rollout::Round part = part_of(whole);
  QTOT_CHECK_EQ(own.size(), part.count);
  block_of(rank())[0] = std::byte{wants_stop_()};
  for (std::size_t i = 0; i < own.size(); ++i) {
    std::span<const float> rewards;
    if (has_rewards) rewards = whole.ring->written(part.ticket(i)).rewards();
    pack_outline(own[i], rewards, block_of(rank()).subspan(8 + i * outline, outline));
  }
  all_gather(transport_, Channel::kOutlines, outlines_);

  if (has_rewards) {
    stop_agreed_ = false;
    for (int r = 0; r < n_ranks(); ++r) stop_agreed_ |= block_of(r)[0] != std::byte{0};
  }
  std::vector<std::size_t> n_read(n, 0);
  std::vector<rollout::EpisodeStats> stats;
  for (std::size_t i = 0; i < whole.count; ++i) {
    const core::Ticket ticket = whole.ticket(i);
    const int home = home_of(ticket);
    const std::size_t nth = n_read[index(home)]++;
    const Outline read =
        unpack_outline(block_of(home).subspan(8 + nth * outline, outline), has_rewards);
    stats.push_back(read.stats);
    if (has_rewards && home != rank()) {
      publish_outline(*whole.ring, ticket, spec, read, whole.rules.extras);
    }
  }
  return stats;
}

void Ranks::cut(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets) {
  tickets_.assign(tickets.begin(), tickets.end());
  std::vector<learner::Positions> shares = cut_batch(costs_of(ring, tickets), n_ranks());
  learns_.resize(tickets.size());
  for (int r = 0; r < n_ranks(); ++r) {
    const learner::Positions& share = shares[index(r)];
    for (std::size_t p = share.first; p < share.end; ++p) learns_[p] = r;
  }
  next_shares_ = std::move(shares);
  is_posted_.assign(tickets.size(), false);
  outgoing_.resize(tickets.size());
  incoming_.resize(tickets.size());
}

// Both ends post what lies between them in the order of positions.
void Ranks::post(const replay::EpisodeRing& ring, std::size_t position) {
  is_posted_[position] = true;
  const int home = home_of(tickets_[position]);
  const int learns = learns_[position];
  if (home == learns) return;
  const core::Episode& episode = ring.episode(tickets_[position]);
  if (home == rank()) {
    pack_content(episode, outgoing_[position]);
    transport_.send(Channel::kEpisodes, learns, outgoing_[position]);
  } else if (learns == rank()) {
    incoming_[position].resize(n_content_bytes(episode));
    transport_.receive(Channel::kEpisodes, home, incoming_[position]);
  }
}

void Ranks::expect(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets) {
  cut(ring, tickets);
  is_expected_ = true;
  for (std::size_t p = 0; p < tickets_.size(); ++p) {
    if (tickets_[p] < ring.end()) post(ring, p);
  }
}

core::Batch Ranks::bring(const replay::EpisodeRing& ring, std::span<const core::Ticket> tickets,
                         std::int64_t update) {
  update_ = update;
  stand_at("episodes of a batch");
  if (is_expected_ && !std::ranges::equal(tickets, tickets_)) settle();  // others came after all
  if (!is_expected_) cut(ring, tickets);
  for (std::size_t p = 0; p < tickets_.size(); ++p) {
    if (!is_posted_[p]) post(ring, p);
  }
  settle();
  received_.resize(tickets.size());
  batch_.resize(tickets.size());
  for (std::size_t p = 0; p < tickets_.size(); ++p) {
    batch_[p] = &ring.episode(tickets_[p]);
    if (learns_[p] != rank() || home_of(tickets_[p]) == rank()) continue;
    unpack_content(*batch_[p], incoming_[p], received_[p]);
    batch_[p] = &received_[p];
  }
  gradient_sum_.set_shares(next_shares_);
  stand_at("gradients");
  return batch_;
}

void Ranks::settle() {
  transport_.finish(Channel::kEpisodes);
  is_expected_ = false;
}

void Ranks::share_fingerprints(core::Ticket first, std::span<Fingerprint> prints) {
  stand_at("fingerprints of episodes");
  const auto n = static_cast<std::size_t>(n_ranks());
  const std::size_t per_rank = (prints.size() + n - 1) / n;
  std::vector<Fingerprint> all(n * per_rank);
  // the nth ticket of a rank lies at place n of its block
  const auto place = [&](std::size_t i) { return index(home_of(first + i)) * per_rank + i / n; };
  for (std::size_t i = 0; i < prints.size(); ++i) {
    if (keeps(first + i)) all[place(i)] = prints[i];
  }
  all_gather(transport_, Channel::kControl, writable_bytes_of(std::span(all)));
  for (std::size_t i = 0; i < prints.size(); ++i) prints[i] = all[place(i)];
}

void Ranks::require_same(const checkpoint::Digest& digest, std::int64_t update) {
  stand_at("comparing fingerprints");
  const std::size_t n_parts = digest.parts.size();
  std::vector<Fingerprint> all(index(n_ranks()) * n_parts);
  for (std::size_t i = 0; i < n_parts; ++i) {
    all[index(rank()) * n_parts + i] = digest.parts[i].second;
  }
  all_gather(transport_, Channel::kControl, writable_bytes_of(std::span(all)));
  for (std::size_t i = 0; i < n_parts; ++i) {
    const auto of = [&](int r) { return all[index(r) * n_parts + i]; };
    const int odd = odd_one_out(n_ranks(), of);
    if (odd < 0) continue;
    const std::string others = n_ranks() == 2 ? "rank 0" : "the others";
    throw Error("rank " + std::to_string(odd) + " differs from " + others + " after update " +
                    std::to_string(update) + " in " + digest.parts[i].first +
                    ": expected the same bits on all ranks; its machine may compute wrongly",
                ExitCode::kFailed);
  }
}

}  // namespace qtot::cluster
