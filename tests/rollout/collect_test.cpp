#include "qtot/rollout/collect.h"

#include <gtest/gtest.h>

#include <atomic>

#include "qtot/base/error.h"
#include "rollout/drift_env.h"

namespace qtot::rollout {
namespace {

using test::DriftEnv;
using test::TestPolicy;

constexpr std::size_t kRound = 8;
constexpr std::uint64_t kSeed = 23;

// An amount of work that the name of the episode decides and nobody can predict from its ticket.
void be_busy(std::uint32_t name) {
  std::atomic<std::uint32_t> sink = 0;
  const std::uint32_t n = name % 7 * 3000;
  for (std::uint32_t i = 0; i < n; ++i) sink.store(i);
}

EnvFactory busy_envs() {
  return [] { return std::make_unique<DriftEnv>([](std::uint32_t name, int) { be_busy(name); }); };
}

// What a run leaves behind: the stats, the order of on_done, and the ring after each round.
struct Trace {
  std::vector<EpisodeStats> stats;
  std::vector<Ticket> order;
  std::vector<std::string> rings;

  bool operator==(const Trace&) const = default;
};

template <class Collect>
Trace rounds_with(Collect collect) {
  const TestPolicy policy(DriftEnv::kSpec);
  replay::EpisodeRing ring({.capacity = 12, .round = kRound, .in_flight = kRound});
  Trace trace;
  for (Ticket first = 0; first < 5 * kRound; first += kRound) {
    ring.release();
    const Round round = {
        .first = first,
        .count = kRound,
        .policy = policy.policy(),
        .rules = training_rules(kSeed, 0.3),
        .ring = &ring,
        .on_done = [&](Ticket t, const EpisodeStats&) { trace.order.push_back(t); }};
    for (const EpisodeStats& stats : collect(round)) trace.stats.push_back(stats);
    ring.advance(first + kRound);
    FingerprintHasher hasher;
    replay::add_to(hasher, ring);
    trace.rings.push_back(hasher.finish().hex());
  }
  return trace;
}

Trace rounds_with_threads(std::size_t n_threads) {
  Collector collector(n_threads, busy_envs());
  return rounds_with([&](const Round& round) { return collector.collect(round); });
}

TEST(CollectTest, ResultsDoNotDependOnTheNumberOfThreads) {
  Player player(std::make_unique<DriftEnv>());
  const Trace serial =
      rounds_with([&](const Round& round) { return collect_serial(player, round); });
  ASSERT_EQ(serial.stats.size(), 5 * kRound);
  for (std::size_t i = 0; i < serial.order.size(); ++i) EXPECT_EQ(serial.order[i], i);
  EXPECT_EQ(rounds_with_threads(1), serial);
  EXPECT_EQ(rounds_with_threads(2), serial);
  EXPECT_EQ(rounds_with_threads(3), serial);
  EXPECT_EQ(rounds_with_threads(8), serial);
}

// The first ticket is held until all the others have been played: they finish in the wrong order on
// purpose, and nothing shows it.
TEST(CollectTest, LateTicketsThatFinishFirstAreStillReportedInOrder) {
  const TestPolicy policy(DriftEnv::kSpec);
  const PlayRules rules = training_rules(kSeed, 0.3);
  const std::uint32_t held = DriftEnv::name_of(rules, 0);
  for (const std::size_t n_threads : {2u, 3u, 8u}) {
    replay::EpisodeRing ring({.capacity = kRound, .round = kRound, .in_flight = kRound});
    std::atomic<std::size_t> n_started = 0;
    Collector collector(n_threads, [&] {
      return std::make_unique<DriftEnv>([&](std::uint32_t name, int step) {
        if (step > 0) return;
        n_started.fetch_add(1);
        n_started.notify_all();
        if (name != held) return;
        for (std::size_t seen; (seen = n_started.load()) < kRound;) n_started.wait(seen);
      });
    });
    std::vector<Ticket> order;
    bool reported_before_first = false;
    collector.collect({.first = 0,
                       .count = kRound,
                       .policy = policy.policy(),
                       .rules = rules,
                       .ring = &ring,
                       .on_done = [&](Ticket t, const EpisodeStats&) {
                         reported_before_first |= n_started.load() < kRound;
                         order.push_back(t);
                       }});
    EXPECT_EQ(order, (std::vector<Ticket>{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_FALSE(reported_before_first);
  }
}

// pipeline: 1. While round k is being played the reader reads the whole window that ends at round k.
TEST(CollectTest, ARoundInPlayLeavesTheWindowOfTheReaderAlone) {
  const TestPolicy policy(DriftEnv::kSpec);
  const auto run = [&](std::size_t n_threads) {
    Collector collector(n_threads, busy_envs());
    replay::EpisodeRing ring({.capacity = 10, .round = kRound, .in_flight = 2 * kRound});
    Round round = {.first = 0,
                   .count = kRound,
                   .policy = policy.policy(),
                   .rules = training_rules(kSeed, 0.3),
                   .ring = &ring};
    std::vector<EpisodeStats> all = collector.collect(round);
    std::vector<std::string> windows;
    for (int k = 0; k < 6; ++k) {
      ring.advance(round.first + kRound);
      round.first += kRound;
      collector.start(round);
      for (int pass = 0; pass < 3; ++pass) {
        FingerprintHasher hasher;
        replay::add_to(hasher, ring);
        windows.push_back(hasher.finish().hex());
      }
      ring.release();
      for (const EpisodeStats& stats : collector.wait()) all.push_back(stats);
    }
    return std::pair(all, windows);
  };
  const auto one = run(1);
  for (std::size_t i = 0; i < one.second.size(); ++i) {
    EXPECT_EQ(one.second[i], one.second[i / 3 * 3]) << "the window changed while it was read";
  }
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(3), one);
}

TEST(CollectTest, WithoutARingNothingIsStored) {
  const TestPolicy policy(DriftEnv::kSpec);
  const Round round = {
      .first = 100, .count = 33, .policy = policy.policy(), .rules = evaluation_rules(kSeed)};
  Player player(std::make_unique<DriftEnv>());
  const std::vector<EpisodeStats> serial = collect_serial(player, round);
  Collector collector(3, busy_envs());
  EXPECT_EQ(collector.collect(round), serial);
  EXPECT_EQ(collector.collect(round), serial);
}

TEST(CollectTest, AnEmptyRoundIsOverAtOnce) {
  const TestPolicy policy(DriftEnv::kSpec);
  Collector collector(2, busy_envs());
  EXPECT_TRUE(
      collector
          .collect(
              {.first = 3, .count = 0, .policy = policy.policy(), .rules = evaluation_rules(kSeed)})
          .empty());
}

TEST(CollectTest, AnErrorOfAnEnvironmentReachesTheCallerAndNothingIsLost) {
  const TestPolicy policy(DriftEnv::kSpec);
  const PlayRules rules = training_rules(kSeed, 0.3);
  for (const std::size_t n_threads : {1u, 2u, 8u}) {
    std::atomic<bool> armed = true;
    std::atomic<int> n_inside = 0;
    Collector collector(n_threads, [&] {
      return std::make_unique<DriftEnv>([&](std::uint32_t name, int) {
        ++n_inside;
        be_busy(name);
        --n_inside;
        if (armed.load() && name == DriftEnv::name_of(rules, 4)) throw Error("cell 7 is on fire");
      });
    });
    replay::EpisodeRing ring({.capacity = kRound, .round = kRound, .in_flight = kRound});
    const Round round = {
        .first = 0, .count = kRound, .policy = policy.policy(), .rules = rules, .ring = &ring};
    try {
      collector.collect(round);
      ADD_FAILURE() << "the error was lost with " << n_threads << " threads";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "cell 7 is on fire");
    }
    EXPECT_EQ(n_inside.load(), 0) << "an episode was still running";
    EXPECT_FALSE(ring.ready(4));

    // what was played is whole, and the collector plays the rest
    armed = false;
    for (Ticket t = 0; t < kRound; ++t) {
      if (ring.ready(t)) continue;
      Round rest = round;
      rest.first = t;
      rest.count = 1;
      collector.collect(rest);
    }
    ring.advance(kRound);
    Player player(std::make_unique<DriftEnv>());
    for (Ticket t = 0; t < kRound; ++t) {
      core::Episode expected;
      player.play(policy.policy(), rules, t, expected);
      FingerprintHasher ours, theirs;
      replay::add_to(ours, t, ring.episode(t));
      replay::add_to(theirs, t, expected);
      EXPECT_EQ(ours.finish(), theirs.finish()) << "ticket " << t;
    }
  }
}

TEST(CollectTest, AnErrorOfOnDoneReachesTheCaller) {
  const TestPolicy policy(DriftEnv::kSpec);
  Collector collector(3, busy_envs());
  Round round = {.first = 0,
                 .count = 20,
                 .policy = policy.policy(),
                 .rules = training_rules(kSeed, 1),
                 .on_done = [](Ticket t, const EpisodeStats&) {
                   if (t == 2) throw Error("the disk is full");
                 }};
  EXPECT_THROW(collector.collect(round), Error);
  round.on_done = nullptr;
  EXPECT_EQ(collector.collect(round).size(), 20u);
}

TEST(CollectTest, ACollectorMayBeDestroyedWhileItPlays) {
  const TestPolicy policy(DriftEnv::kSpec);
  replay::EpisodeRing ring({.capacity = 64, .round = 64, .in_flight = 64});
  {
    Collector collector(2, busy_envs());
    collector.start({.first = 0,
                     .count = 64,
                     .policy = policy.policy(),
                     .rules = training_rules(kSeed, 1),
                     .ring = &ring});
  }
  // a prefix of the tickets may have been played; those that were are whole
  Player player(std::make_unique<DriftEnv>());
  for (Ticket t = 0; t < 64 && ring.ready(t); ++t) {
    ring.advance(t + 1);
    core::Episode expected;
    player.play(policy.policy(), training_rules(kSeed, 1), t, expected);
    EXPECT_EQ(ring.episode(t).length(), expected.length());
  }
}

}  // namespace
}  // namespace qtot::rollout
