#include "qtot/replay/ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace qtot::replay {
namespace {

// Many plain words, so that a torn or early read shows.
struct Payload {
  std::vector<std::uint64_t> words;
};

// What the writer of a ticket stores, a function of the ticket alone.
std::uint64_t word_of(Ticket ticket, std::size_t i) {
  return (ticket + 1) * 0x9E3779B97F4A7C15u + i;
}

// Some lengths are long and some short: late tickets finish early.
std::size_t length_of(Ticket ticket) {
  return 1 + (word_of(ticket, 0) >> 32) % 400;
}

void write(Ticket ticket, Payload& payload) {
  payload.words.clear();
  for (std::size_t i = 0; i < length_of(ticket); ++i) payload.words.push_back(word_of(ticket, i));
}

bool holds(Ticket ticket, const Payload& payload) {
  if (payload.words.size() != length_of(ticket)) return false;
  for (std::size_t i = 0; i < payload.words.size(); ++i) {
    if (payload.words[i] != word_of(ticket, i)) return false;
  }
  return true;
}

void play(Ring<Payload>& ring, Ticket ticket) {
  write(ticket, ring.slot_for(ticket));
  ring.publish(ticket);
}

TEST(RingTest, TheWindowIsTheLastCEpisodesAndHoldsTheirContent) {
  const RingShape shape = {.capacity = 5, .round = 2, .in_flight = 2};
  Ring<Payload> ring(shape);
  EXPECT_EQ(ring.size(), 0u);
  for (Ticket end = 2; end <= 40; end += 2) {
    play(ring, end - 1);
    EXPECT_FALSE(ring.ready(end - 2));
    play(ring, end - 2);
    EXPECT_TRUE(ring.ready(end - 2));
    ring.advance(end);
    EXPECT_EQ(ring.end(), end);
    EXPECT_EQ(ring.oldest(), end < 5 ? 0 : end - 5);
    for (Ticket t = ring.oldest(); t < end; ++t) EXPECT_TRUE(holds(t, ring.episode(t)));
    ring.release();
    EXPECT_EQ(ring.oldest(), end + 2 < 5 ? 0 : end + 2 - 5);
  }
}

TEST(RingTest, AdmitsInFlightTicketsBeyondTheEndAndNoMore) {
  for (const std::size_t pipeline : {0u, 1u}) {
    const RingShape shape = {.capacity = 7, .round = 3, .in_flight = 3 * (pipeline + 1)};
    EXPECT_EQ(shape.n_slots(), 7 + 3 * pipeline);
    Ring<Payload> ring(shape);
    Ticket limit = shape.in_flight;
    for (Ticket end = 0; end < 30;) {
      EXPECT_TRUE(ring.admits(limit - 1));
      EXPECT_FALSE(ring.admits(limit));
      for (Ticket t = end; t < end + 3; ++t) play(ring, t);
      end += 3;
      ring.advance(end);
      EXPECT_FALSE(ring.admits(limit)) << "the reader is not done yet";
      ring.release();
      limit = end + shape.in_flight;
    }
  }
}

// At P = C + W - U with everything written that may be, no episode of the window is lost.
TEST(RingTest, AtTheTightBoundTheWindowSurvivesAllAdmittedWriters) {
  for (std::size_t capacity = 1; capacity <= 6; ++capacity) {
    for (std::size_t round = 1; round <= capacity; ++round) {
      const RingShape shape = {.capacity = capacity, .round = round, .in_flight = 2 * round};
      Ring<Payload> ring(shape);
      Ticket next = 0;
      for (Ticket end = round; end < 40; end += round) {
        while (ring.admits(next)) play(ring, next++);  // one round ahead of the reader
        ring.advance(end);
        for (Ticket t = ring.oldest(); t < end; ++t) {
          EXPECT_TRUE(holds(t, ring.episode(t))) << "C " << capacity << ", U " << round;
        }
        ring.release();
      }
    }
  }
}

TEST(RingTest, ARestoredRingGoesOnLikeTheOneThatWasSaved) {
  const RingShape shape = {.capacity = 6, .round = 2, .in_flight = 4};
  Ring<Payload> ring(shape);
  for (Ticket end = 2; end <= 20; end += 2) {
    for (Ticket t = end - 2; t < end; ++t) play(ring, t);
    ring.advance(end);
    if (end < 20) ring.release();
  }
  std::vector<Payload> saved;
  for (Ticket t = ring.oldest(); t < ring.end(); ++t) saved.push_back(ring.episode(t));

  Ring<Payload> resumed(shape);
  resumed.restore(ring.oldest(), saved);
  for (Ring<Payload>* r : {&ring, &resumed}) {
    EXPECT_EQ(r->oldest(), 14u);
    EXPECT_EQ(r->end(), 20u);
    EXPECT_TRUE(r->admits(21));
    EXPECT_FALSE(r->admits(22));
    for (Ticket t = 14; t < 20; ++t) EXPECT_TRUE(holds(t, r->episode(t)));
    r->release();
    EXPECT_TRUE(r->admits(23));
    for (Ticket t = 20; t < 22; ++t) play(*r, t);
    r->advance(22);
    EXPECT_EQ(r->oldest(), 16u);
    for (Ticket t = 16; t < 22; ++t) EXPECT_TRUE(holds(t, r->episode(t)));
  }
}

using RingDeathTest = testing::Test;

TEST(RingDeathTest, ABrokenLawAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const RingShape shape = {.capacity = 4, .round = 2, .in_flight = 2};
  Ring<Payload> ring(shape);
  EXPECT_DEATH(ring.slot_for(2), "written after it was admitted");
  EXPECT_DEATH(ring.episode(0), "lies in the window");
  play(ring, 0);
  EXPECT_DEATH(ring.slot_for(0), "written once");
  play(ring, 1);
  EXPECT_DEATH(ring.advance(3), "at most U");
  EXPECT_DEATH((Ring<Payload>(shape, 3)), "P >= C");
  EXPECT_DEATH((Ring<Payload>(RingShape{.capacity = 1, .round = 2, .in_flight = 2})), "U <= C");
}

struct StressCase {
  RingShape shape;
  std::size_t n_writers;
  bool reader_is_slow;
};

// Writers take tickets from one counter and write plain memory; the reader reads its whole window
// again and again. Made for ThreadSanitizer, which reports a release or acquire that is missing; on
// hardware of its own it finds torn episodes.
class RingStress : public testing::TestWithParam<StressCase> {};

TEST_P(RingStress, ManyWritersAndAReaderNeverMeetInASlot) {
  const auto [shape, n_writers, reader_is_slow] = GetParam();
  const std::size_t n_rounds = 400;
  const Ticket n_tickets = n_rounds * shape.round;
  Ring<Payload> ring(shape);
  std::atomic<Ticket> next = 0;

  std::vector<std::jthread> writers;
  for (std::size_t w = 0; w < n_writers; ++w) {
    writers.emplace_back([&] {
      for (Ticket t; (t = next.fetch_add(1)) < n_tickets;) {
        ring.wait_admitted(t);
        play(ring, t);
      }
    });
  }
  std::size_t n_wrong = 0;
  std::size_t n_read = 0;
  for (std::size_t k = 0; k < n_rounds; ++k) {
    ring.advance((k + 1) * shape.round);
    for (int pass = 0; pass < (reader_is_slow ? 3 : 1); ++pass) {
      for (Ticket t = ring.oldest(); t < ring.end(); ++t) {
        n_wrong += holds(t, ring.episode(t)) ? 0 : 1;
        ++n_read;
      }
    }
    ring.release();
  }
  EXPECT_EQ(n_wrong, 0u);
  EXPECT_GE(n_read, n_rounds * shape.round);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, RingStress,
    testing::Values(StressCase{{.capacity = 16, .round = 4, .in_flight = 8}, 3, false},
                    StressCase{{.capacity = 16, .round = 4, .in_flight = 8}, 3, true},
                    StressCase{{.capacity = 4, .round = 4, .in_flight = 4}, 2, false},
                    StressCase{{.capacity = 5, .round = 3, .in_flight = 6}, 7, true},
                    StressCase{{.capacity = 2, .round = 1, .in_flight = 1}, 3, false},
                    StressCase{{.capacity = 8, .round = 1, .in_flight = 2}, 1, false}),
    [](const auto& p) {
      const StressCase& c = p.param;
      return "C" + std::to_string(c.shape.capacity) + "U" + std::to_string(c.shape.round) + "W" +
             std::to_string(c.shape.in_flight) + "Writers" + std::to_string(c.n_writers) +
             (c.reader_is_slow ? "SlowReader" : "");
    });

}  // namespace
}  // namespace qtot::replay
