#include "qtot/replay/priorities.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "qtot/math/philox.h"

namespace qtot::replay {
namespace {

struct Drawn {
  std::vector<Ticket> tickets;
  std::vector<double> weights;

  bool operator==(const Drawn&) const = default;
};

Drawn sample(const Priorities& priorities, std::uint64_t seed, std::uint64_t update,
             std::size_t count, double beta = 0.4) {
  Drawn drawn{std::vector<Ticket>(count), std::vector<double>(count)};
  priorities.sample(seed, update, beta, drawn.tickets, drawn.weights);
  return drawn;
}

// Episodes [0, p.size()) with these priorities.
Priorities with_priorities(const std::vector<double>& p, double alpha, bool skips_last = false) {
  Priorities priorities(p.size(), alpha, skips_last);
  priorities.advance(p.size());
  std::vector<Ticket> tickets(p.size());
  std::iota(tickets.begin(), tickets.end(), Ticket{0});
  priorities.set(tickets, p);
  return priorities;
}

const std::vector<double> kPriorities = {0.3, 2.5, 0.01, 1, 1, 7, 0.2, 0.6, 3, 0.05, 0.9};

// By walking along the line of masses, in long double and with the C library's power.
std::vector<Ticket> sample_naive(const std::vector<double>& p, double alpha, std::uint64_t seed,
                                 std::uint64_t update, std::size_t count, std::size_t n) {
  std::vector<long double> masses;
  for (const double x : p) masses.push_back(std::pow(static_cast<long double>(x), alpha));
  const long double total =
      std::accumulate(masses.begin(), masses.begin() + static_cast<std::ptrdiff_t>(n), 0.0L);
  std::vector<Ticket> tickets;
  for (std::size_t i = 0; i < count; ++i) {
    math::Draws draws({.seed = seed,
                       .stream = math::Stream::kSampling,
                       .ticket = update,
                       .step = static_cast<std::uint32_t>(1 + i / 256),
                       .site = 0,
                       .index = static_cast<std::uint16_t>(i % 256)});
    long double mass = (static_cast<long double>(i) + static_cast<long double>(draws.uniform())) *
                       total / static_cast<long double>(count);
    std::size_t leaf = 0;
    while (leaf + 1 < n && mass >= masses[leaf]) mass -= masses[leaf++];
    tickets.push_back(leaf);
  }
  return tickets;
}

TEST(Priorities, DrawsWhatTheLineOfMassesSays) {
  for (const double alpha : {0.0, 0.6, 1.0}) {
    const Priorities priorities = with_priorities(kPriorities, alpha);
    for (std::uint64_t update = 0; update < 300; ++update) {
      EXPECT_EQ(sample(priorities, 5, update, 8).tickets,
                sample_naive(kPriorities, alpha, 5, update, 8, kPriorities.size()));
    }
  }
}

// Over one update: episode e comes as often as the strata overlap its piece of the line, in the mean
// B p_e^alpha / total, and never more than one off its share.
TEST(Priorities, AnEpisodeIsDrawnInProportionToThePowerOfItsPriority) {
  constexpr std::size_t kBatch = 8;
  constexpr int kUpdates = 20000;
  const Priorities priorities = with_priorities(kPriorities, 0.6);
  double total = 0;
  for (const double p : kPriorities) total += std::pow(p, 0.6);
  std::vector<int> n_drawn(kPriorities.size());
  for (std::uint64_t update = 0; update < kUpdates; ++update) {
    std::vector<int> n_now(kPriorities.size());
    for (const Ticket t : sample(priorities, 3, update, kBatch).tickets) ++n_now[t];
    for (std::size_t e = 0; e < n_now.size(); ++e) {
      const double share = kBatch * std::pow(kPriorities[e], 0.6) / total;
      EXPECT_LE(std::abs(n_now[e] - share), 2) << "episode " << e;
      n_drawn[e] += n_now[e];
    }
  }
  for (std::size_t e = 0; e < n_drawn.size(); ++e) {
    const double share = kBatch * std::pow(kPriorities[e], 0.6) / total;
    // a draw's variance is at most that of a fair coin, and at most two strata meet an end of the piece
    const double deviation = std::sqrt(kUpdates * std::min(share, 0.5));
    EXPECT_NEAR(n_drawn[e], kUpdates * share, 5 * deviation) << "episode " << e;
  }
}

// (n p / total)^(-beta) over the largest such weight, as PyMARL2 writes it.
TEST(Priorities, WeightsAreThoseOfTheLeastLikelyEpisodeAtMost) {
  const double alpha = 0.6;
  const double beta = 0.7;
  const Priorities priorities = with_priorities(kPriorities, alpha);
  double total = 0;
  for (const double p : kPriorities) total += std::pow(p, alpha);
  const auto weight = [&](double p) {
    return std::pow(std::pow(p, alpha) / total * static_cast<double>(kPriorities.size()), -beta);
  };
  const Drawn drawn = sample(priorities, 1, 1, 64, beta);
  for (std::size_t i = 0; i < drawn.tickets.size(); ++i) {
    EXPECT_NEAR(drawn.weights[i], weight(kPriorities[drawn.tickets[i]]) / weight(0.01), 1e-14);
    EXPECT_LE(drawn.weights[i], 1);
  }
  for (const double w : sample(priorities, 1, 1, 64, 0).weights) EXPECT_EQ(w, 1);
}

TEST(Priorities, DependOnSeedAndUpdateAndOnNothingElse) {
  const Priorities priorities = with_priorities(kPriorities, 0.6);
  const Drawn drawn = sample(priorities, 7, 3, 32);
  EXPECT_EQ(sample(priorities, 7, 3, 32), drawn);
  EXPECT_NE(sample(priorities, 8, 3, 32).tickets, drawn.tickets);
  EXPECT_NE(sample(priorities, 7, 4, 32).tickets, drawn.tickets);
  EXPECT_TRUE(std::ranges::is_sorted(drawn.tickets));
}

TEST(Priorities, GoldenBatch) {
  const Drawn drawn = sample(with_priorities(kPriorities, 0.6), 1, 0, 5);
  EXPECT_EQ(drawn.tickets, (std::vector<Ticket>{1, 4, 5, 5, 8}));
}

// The mass of alike episodes is one each: as many draws as episodes draw each once.
TEST(Priorities, OfNewEpisodesAreAlike) {
  Priorities priorities(6, 0.6, false);
  priorities.advance(6);
  EXPECT_EQ(sample(priorities, 1, 1, 6).tickets, (std::vector<Ticket>{0, 1, 2, 3, 4, 5}));
  priorities.advance(8);  // 6 and 7 take the places of 0 and 1
  EXPECT_EQ(sample(priorities, 1, 1, 6).tickets, (std::vector<Ticket>{2, 3, 4, 5, 6, 7}));
}

TEST(Priorities, OfANewEpisodeIsTheHighestThatAnyHad) {
  Priorities priorities(4, 1, false);
  priorities.advance(4);
  priorities.set(std::vector<Ticket>{2}, std::vector<double>{9});
  priorities.set(std::vector<Ticket>{2}, std::vector<double>{0.5});
  priorities.advance(5);
  EXPECT_EQ(priorities.leaves(1), (std::vector<double>{1, 0.5, 1, 9}));
  EXPECT_EQ(priorities.highest(), 9);
}

// P1. The last leaf in use is the newest episode until the ring is full; then its place, whoever is there.
TEST(Priorities, WithPymarl2sQuirkNeverDrawTheLastLeaf) {
  for (const bool skips_last : {true, false}) {
    Priorities priorities(5, 0.6, skips_last);
    for (Ticket end = 2; end <= 13; ++end) {
      priorities.advance(end);
      const Ticket last = end <= 5 ? end - 1 : (end - 5) + (4 - (end - 5) % 5);
      int n_last = 0;
      for (std::uint64_t update = 0; update < 50; ++update) {
        const Drawn drawn = sample(priorities, 2, update, 10);
        n_last += static_cast<int>(std::ranges::count(drawn.tickets, last));
      }
      if (skips_last) {
        EXPECT_EQ(n_last, 0) << "end " << end;
      } else {
        EXPECT_GT(n_last, 0) << "end " << end;
      }
    }
  }
}

TEST(Priorities, RestoredGoOnToTheSameBits) {
  for (const Ticket end : {Ticket{4}, Ticket{11}, Ticket{29}}) {
    Priorities first(11, 0.6, false);
    first.advance(end);
    first.set(std::vector<Ticket>{end - 3, end - 1}, std::vector<double>{0.37, 5.1});
    const Ticket oldest = end > 9 ? end - 9 : 0;  // two are gone when the ring was released
    Priorities second(11, 0.6, false);
    second.restore(end, first.leaves(oldest), first.highest());
    first.advance(end + 2);
    second.advance(end + 2);
    for (std::uint64_t update = 0; update < 20; ++update) {
      EXPECT_EQ(sample(second, 4, update, 7), sample(first, 4, update, 7)) << "end " << end;
    }
  }
}

// The last stratum ends at the total: whatever rounds there stays among the episodes.
TEST(Priorities, DrawOnlyEpisodesThatAreThere) {
  Priorities priorities(1000, 0.6, false);
  priorities.advance(3);
  priorities.set(std::vector<Ticket>{0, 1, 2}, std::vector<double>{1e-6, 1e6, 1e-6});
  for (std::uint64_t update = 0; update < 2000; ++update) {
    for (const Ticket t : sample(priorities, 9, update, 33).tickets) EXPECT_LT(t, 3U);
  }
}

}  // namespace
}  // namespace qtot::replay
