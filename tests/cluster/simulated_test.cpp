#include "qtot/cluster/simulated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "cluster/transport_contract.h"

namespace qtot::cluster {
namespace {

using How = RankEnd::How;
using Word = std::array<std::uint64_t, 1>;

std::span<const std::byte> sent(const Word& word) {
  return bytes_of(std::span<const std::uint64_t>(word));
}

std::span<std::byte> received(Word& word) {
  return writable_bytes_of(std::span<std::uint64_t>(word));
}

void expect_all_done(const Outcome& outcome, std::uint64_t seed) {
  for (const RankEnd& end : outcome.ends) EXPECT_EQ(end.sentence, "") << "seed " << seed;
  EXPECT_TRUE(outcome.all_done()) << "seed " << seed;
  EXPECT_EQ(outcome.n_unreceived, 0U) << "seed " << seed;
}

// Everybody tells everybody a number on every channel, `n_rounds` times.
void chat(Transport& transport, std::int64_t n_rounds) {
  const auto n_ranks = static_cast<std::size_t>(transport.n_ranks());
  std::vector<Word> words(n_ranks * kNChannels);
  for (std::int64_t round = 0; round < n_rounds; ++round) {
    transport.stands_at({.phase = "chat", .update = round});
    const Word mine = {static_cast<std::uint64_t>(round * 100 + transport.rank())};
    for (const Channel channel : contract::kChannels) {
      for (int peer = 0; peer < transport.n_ranks(); ++peer) {
        if (peer == transport.rank()) continue;
        transport.send(channel, peer, sent(mine));
        transport.receive(channel, peer,
                          received(words[static_cast<std::size_t>(peer) * kNChannels +
                                         static_cast<std::size_t>(channel)]));
      }
    }
    for (const Channel channel : contract::kChannels) transport.finish(channel);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::size_t peer = i / kNChannels;
      if (peer == static_cast<std::size_t>(transport.rank())) continue;
      if (words[i][0] != static_cast<std::uint64_t>(round) * 100 + peer) {
        throw Error("a wrong number from rank " + std::to_string(peer), ExitCode::kFailed);
      }
    }
  }
}

Outcome chat_on(int n_ranks, const Schedule& schedule, std::int64_t n_rounds) {
  return run_simulated(n_ranks, schedule, [&](Transport& transport) { chat(transport, n_rounds); });
}

TEST(Simulated, KeepsTheContractOfATransport) {
  for (const int n_ranks : {1, 2, 3, 4, 7}) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const Outcome outcome = run_simulated(n_ranks, {.seed = seed}, [](Transport& transport) {
        contract::keep_contract(transport, 3);
      });
      expect_all_done(outcome, seed);
    }
  }
}

TEST(Simulated, MessagesOfAChannelArriveInTheirOrder) {
  constexpr std::size_t kMessages = 50;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<Word> taken(kMessages);
    const Outcome outcome = run_simulated(2, {.seed = seed}, [&](Transport& transport) {
      std::vector<Word> words(kMessages);
      for (std::size_t i = 0; i < kMessages; ++i) {
        words[i] = {i};
        if (transport.rank() == 0) transport.send(Channel::kEpisodes, 1, sent(words[i]));
        if (transport.rank() == 1) transport.receive(Channel::kEpisodes, 0, received(taken[i]));
      }
      transport.finish(Channel::kEpisodes);
    });
    expect_all_done(outcome, seed);
    for (std::size_t i = 0; i < kMessages; ++i) EXPECT_EQ(taken[i][0], i) << "seed " << seed;
  }
}

TEST(Simulated, ChannelsAndRanksOvertakeEachOther) {
  std::uint64_t n_overtakings = 0;
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    n_overtakings += chat_on(2, {.seed = seed}, 5).n_overtakings;
    std::vector<int> order;  // in which ranks 1, 2, 3 got their message
    run_simulated(4, {.seed = seed}, [&](Transport& transport) {
      Word word = {0};
      for (int peer = 1; peer < 4; ++peer) {
        if (transport.rank() == 0) transport.send(Channel::kControl, peer, sent(word));
      }
      if (transport.rank() > 0) transport.receive(Channel::kControl, 0, received(word));
      transport.finish(Channel::kControl);
      if (transport.rank() > 0) order.push_back(transport.rank());
    });
    orders.insert(order);
  }
  EXPECT_GT(n_overtakings, 100U * 5U);
  EXPECT_EQ(orders.size(), 6U) << "of three ranks";
}

// So a program that relies on either is found out.
TEST(Simulated, ASenderIsSometimesDoneBeforeAReceiverAsksAndSometimesNot) {
  int n_done = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Outcome outcome = run_simulated(2, {.seed = seed}, [&](Transport& transport) {
      const int peer = 1 - transport.rank();
      const Word word = {7};
      Word answer = {0};
      transport.send(Channel::kControl, peer, sent(word));
      transport.finish(Channel::kControl);
      transport.receive(Channel::kControl, peer, received(answer));
      transport.finish(Channel::kControl);
    });
    if (outcome.all_done()) ++n_done;
  }
  EXPECT_GT(n_done, 20);
  EXPECT_LT(n_done, 90);
}

TEST(Simulated, TheSameSeedGivesTheSameEventsAndOtherSeedsOthers) {
  constexpr std::uint64_t kSeeds = 500;
  std::set<Fingerprint> traces;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Outcome outcome = chat_on(3, {.seed = seed}, 3);
    expect_all_done(outcome, seed);
    traces.insert(outcome.trace);
    if (seed % 10 != 0) continue;
    const Outcome again = chat_on(3, {.seed = seed}, 3);
    EXPECT_EQ(again.trace, outcome.trace) << "seed " << seed;
    EXPECT_EQ(again.n_events, outcome.n_events) << "seed " << seed;
  }
  EXPECT_EQ(traces.size(), kSeeds);
}

TEST(Simulated, ARankThatHangsMakesEveryPeerSayWhereItStoodAndForWhomItWaited) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const int stopped = static_cast<int>(seed % 4);
    const Schedule schedule = {
        .seed = seed, .stopped_rank = stopped, .stop_after = 20 * seed, .hangs = true};
    const Outcome outcome = chat_on(4, schedule, 100);
    for (int rank = 0; rank < 4; ++rank) {
      const RankEnd& end = outcome.ends[static_cast<std::size_t>(rank)];
      EXPECT_EQ(end.exit_code, ExitCode::kStopped);
      if (rank == stopped) {
        EXPECT_EQ(end.how, How::kStopped) << end.sentence;
        continue;
      }
      EXPECT_EQ(end.how, How::kStalled) << end.sentence;
      EXPECT_THAT(end.sentence,
                  testing::StartsWith("rank " + std::to_string(rank) + " of 4 stood at update "));
      EXPECT_THAT(end.sentence, testing::HasSubstr(", chat: waited for "));
      EXPECT_THAT(end.sentence, testing::HasSubstr("rank " + std::to_string(stopped)));
    }
  }
}

TEST(Simulated, AStallReportNamesTheMessage) {
  const Outcome outcome = run_simulated(4, {}, [](Transport& transport) {
    std::array<float, 100> sums{};
    transport.stands_at({.phase = "gradients", .update = 131});
    if (transport.rank() != 2) return;
    transport.receive(Channel::kGradients, 1, writable_bytes_of(std::span<float>(sums)));
    transport.finish(Channel::kGradients);
  });
  EXPECT_EQ(
      outcome.ends[2].sentence,
      "rank 2 of 4 stood at update 131, gradients: waited for 400 bytes of gradients from rank 1");
  EXPECT_EQ(outcome.ends[1].how, How::kDone);
}

TEST(Simulated, ARankThatDiesEndsTheOthers) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Outcome outcome =
        chat_on(3, {.seed = seed, .stopped_rank = 1, .stop_after = 10 * seed}, 100);
    EXPECT_EQ(outcome.ends[1].how, How::kStopped);
    for (const std::size_t other : {0U, 2U}) {
      EXPECT_EQ(outcome.ends[other].how, How::kAborted) << outcome.ends[other].sentence;
      EXPECT_THAT(outcome.ends[other].sentence, testing::HasSubstr("rank 1 is gone"));
    }
  }
}

TEST(Simulated, AStopAfterTheEndChangesNothing) {
  const Outcome alone = chat_on(3, {.seed = 5}, 3);
  const Outcome outcome =
      chat_on(3, {.seed = 5, .stopped_rank = 1, .stop_after = alone.n_events, .hangs = true}, 3);
  expect_all_done(outcome, 5);
  EXPECT_EQ(outcome.trace, alone.trace);
}

TEST(Simulated, AnErrorOfOneRankEndsAll) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Outcome outcome = run_simulated(4, {.seed = seed}, [](Transport& transport) {
      chat(transport, 3);
      if (transport.rank() == 2) throw Error("the disk is full", ExitCode::kFailed);
      chat(transport, 100);
    });
    EXPECT_EQ(outcome.ends[2].how, How::kFailed);
    EXPECT_EQ(outcome.ends[2].sentence, "the disk is full");
    EXPECT_EQ(outcome.ends[2].exit_code, ExitCode::kFailed);
    for (const std::size_t other : {0U, 1U, 3U}) {
      EXPECT_EQ(outcome.ends[other].how, How::kAborted) << outcome.ends[other].sentence;
    }
  }
}

TEST(Simulated, AnErrorThatARankSwallowsIsToldAgain) {
  int n_told_in_all = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    int n_told = 0;
    const Outcome outcome = run_simulated(2, {.seed = seed}, [&](Transport& transport) {
      if (transport.rank() == 0) throw Error("the disk is full");
      for (int i = 0; i < 10; ++i) {
        try {
          transport.finish(Channel::kControl);
          EXPECT_EQ(n_told, 0);
        } catch (const Error&) {
          ++n_told;
        }
      }
    });
    EXPECT_EQ(outcome.ends[1].how, n_told > 0 ? How::kAborted : How::kDone);
    n_told_in_all += n_told;
  }
  EXPECT_GT(n_told_in_all, 0);
}

TEST(Simulated, ARankThatCallsNothingAfterAnothersErrorIsDone) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome outcome = run_simulated(2, {.seed = seed}, [](Transport& transport) {
      if (transport.rank() == 0) throw Error("the disk is full");
    });
    EXPECT_EQ(outcome.ends[0].how, How::kFailed);
    EXPECT_EQ(outcome.ends[1].how, How::kDone) << outcome.ends[1].sentence;
  }
}

TEST(Simulated, AMessageOfAnotherSizeIsAnErrorOfItsReceiver) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Outcome outcome = run_simulated(3, {.seed = seed}, [](Transport& transport) {
      std::array<std::uint64_t, 3> words{};
      const std::span<std::uint64_t> three = words;
      const std::span<const std::uint64_t> two = three.first(2);
      if (transport.rank() == 0) transport.send(Channel::kControl, 2, bytes_of(two));
      if (transport.rank() == 2) transport.receive(Channel::kControl, 0, writable_bytes_of(three));
      transport.finish(Channel::kControl);
    });
    EXPECT_EQ(outcome.ends[2].how, How::kFailed);
    EXPECT_EQ(outcome.ends[2].sentence,
              "rank 2 of 3 expected 24 bytes of control from rank 0, which sent 16");
  }
}

// Of both ranks, whichever comes first.
TEST(Simulated, MemoryThatChangesBeforeItsFinishIsAnError) {
  std::array<bool, 2> is_found{};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome outcome = run_simulated(2, {.seed = seed}, [](Transport& transport) {
      Word word = {1};
      if (transport.rank() == 0) transport.send(Channel::kControl, 1, sent(word));
      if (transport.rank() == 1) transport.receive(Channel::kControl, 0, received(word));
      word[0] = 0;
      transport.finish(Channel::kControl);
    });
    const auto failed = std::ranges::find(outcome.ends, How::kFailed, &RankEnd::how);
    ASSERT_NE(failed, outcome.ends.end()) << "seed " << seed;
    EXPECT_THAT(failed->sentence, testing::HasSubstr("touched the memory of a message of control"));
    is_found[static_cast<std::size_t>(failed - outcome.ends.begin())] = true;
  }
  EXPECT_TRUE(is_found[0]) << "the sender's";
  EXPECT_TRUE(is_found[1]) << "the receiver's";
}

TEST(Simulated, WhatIsReadBeforeItsFinishIsNoNumber) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome outcome = run_simulated(2, {.seed = seed}, [](Transport& transport) {
      float value = 1.0f;
      if (transport.rank() == 0) {
        transport.send(Channel::kGradients, 1, bytes_of(std::span<const float>(&value, 1)));
      } else {
        transport.receive(Channel::kGradients, 0, writable_bytes_of(std::span<float>(&value, 1)));
        transport.finish(Channel::kControl);
        if (value == value) throw Error("a number", ExitCode::kFailed);
      }
      transport.finish(Channel::kGradients);
      if (value != 1.0f) throw Error("another number", ExitCode::kFailed);
    });
    expect_all_done(outcome, seed);
  }
}

TEST(Simulated, ARankThatReturnsWithoutAFinishHasFailed) {
  const Outcome outcome = run_simulated(2, {}, [](Transport& transport) {
    const Word word = {1};
    if (transport.rank() == 0) transport.send(Channel::kOutlines, 1, sent(word));
  });
  EXPECT_EQ(outcome.ends[0].sentence, "rank 0 ended without finishing outlines");
}

TEST(Simulated, MessagesThatNobodyTakesAreCounted) {
  std::uint64_t n_unreceived = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome outcome = run_simulated(2, {.seed = seed}, [](Transport& transport) {
      if (transport.rank() == 0) transport.send(Channel::kOutlines, 1, {});
      transport.finish(Channel::kOutlines);
    });
    n_unreceived += outcome.n_unreceived;
  }
  EXPECT_EQ(n_unreceived, 20U);
}

// Alive as long as the thread that made it.
class OfThread {
 public:
  OfThread() { ++n_alive; }
  ~OfThread() { --n_alive; }
  OfThread(const OfThread&) = delete;
  OfThread& operator=(const OfThread&) = delete;
  static inline std::atomic<int> n_alive = 0;
};

TEST(Simulated, NoThreadIsLeft) {
  for (const bool hangs : {false, true}) {
    int n_begun = 0;
    const Schedule schedule = {.seed = 1, .stopped_rank = 3, .stop_after = 300, .hangs = hangs};
    run_simulated(8, schedule, [&](Transport& transport) {
      static thread_local OfThread of_thread;
      n_begun = std::max(n_begun, of_thread.n_alive.load());
      chat(transport, 20);
    });
    EXPECT_EQ(n_begun, 8);
    EXPECT_EQ(OfThread::n_alive, 0);
  }
}

// A Transport that is done too early on one channel.
class Hasty final : public Transport {
 public:
  explicit Hasty(Transport& transport) : transport_(transport) {}
  int rank() const override { return transport_.rank(); }
  int n_ranks() const override { return transport_.n_ranks(); }
  void send(Channel channel, int to, std::span<const std::byte> bytes) override {
    transport_.send(channel, to, bytes);
  }
  void receive(Channel channel, int from, std::span<std::byte> bytes) override {
    transport_.receive(channel, from, bytes);
  }
  void finish(Channel channel) override {
    if (channel != Channel::kOutlines) transport_.finish(channel);
  }
  void stands_at(const Progress& progress) override { transport_.stands_at(progress); }

 private:
  Transport& transport_;
};

TEST(TransportContract, FindsATransportThatIsDoneTooEarly) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Outcome outcome = run_simulated(3, {.seed = seed}, [](Transport& transport) {
      Hasty hasty(transport);
      for (std::uint64_t round = 0; round < 5; ++round) {
        contract::exchange_everything(hasty, round);
      }
    });
    const auto failed = std::ranges::find(outcome.ends, How::kFailed, &RankEnd::how);
    ASSERT_NE(failed, outcome.ends.end()) << "seed " << seed;
    EXPECT_THAT(failed->sentence, testing::HasSubstr("other bytes arrived than were sent"));
  }
}

}  // namespace
}  // namespace qtot::cluster
