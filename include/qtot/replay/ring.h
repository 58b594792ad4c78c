#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "qtot/base/check.h"
#include "qtot/core/dec_pomdp_spec.h"

namespace qtot::replay {

using core::Ticket;

/// How far the writers of a ring may run ahead, in episodes.
struct RingShape {
  std::size_t capacity = 0;   // C: newest episodes that the reader samples from (buffer_size)
  std::size_t round = 0;      // U: episodes by which the end moves at most, <= C (batch_size_run)
  std::size_t in_flight = 0;  // W: admitted beyond the end, >= U; (pipeline + 1) U

  /// P = C + W - U: the fewest slots that are enough. See Ring.
  constexpr std::size_t n_slots() const { return capacity + in_flight - round; }
};

/// The atomics of a Ring. The model check (tests/replay_model) runs the same ring on its own.
struct StdAtomics {
  using Stamp = std::atomic<std::uint64_t>;
  using Limit = std::atomic<std::uint64_t>;
  /// A violated law of the protocol is a bug in the caller: it aborts.
  static void require(bool holds, const char* law) {
    if (!holds) detail::check_failed(__FILE__, __LINE__, law);
  }
};

/// The last `capacity` episodes. Many writers, one reader, no lock: a writer never waits for another
/// writer, publish() is one store, and no episode is copied.
///
/// Protocol. Ticket e lives in slot e % P.
///
///   writer  admits(e)   limit.load(acquire) > e          may e be written?
///           slot_for(e), write the episode
///           publish(e)  stamp[e % P].store(e + 1, release)
///   reader  advance(E)  stamp[e % P].load(acquire) == e + 1 for all e < E: the window is [E - C, E)
///           read the window
///           release()   limit.store(E + W, release)      from now on reads only e >= E + U - C
///
/// Each ticket has one writer. P >= C + W - U.
///
/// Theorem. No two threads ever touch one slot at one time, unless both only read.
/// Proof. Let s be an episode of the reader and e = s + m P, m >= 1, a writer of the same slot. e was
/// admitted by a limit E + W > e, stored when the reader was done with all tickets < E + U - C. But
/// s <= e - P < E + W - (C + W - U) = E + U - C, so s is one of those. Two writers e - P and e: as
/// U <= C, e - P < E + U - C <= E, and advance(E) saw e - P published before the limit was stored.
/// So the accesses to a slot form a chain: write e -> (stamp: release, acquire) -> reads of e ->
/// (limit: release, acquire) -> write e + P. With one slot less the chain breaks: at the last admitted
/// ticket the writer meets the oldest episode of the window (tests/replay_model shows it).
///
/// What the reader sees in a window is a function of the tickets alone, since the window is, and the
/// content of an episode is a function of its ticket and of the policy that the schedule gives it.
template <class Episode, class Atomics = StdAtomics>
class Ring {
 public:
  explicit Ring(const RingShape& shape) : Ring(shape, shape.n_slots()) {}

  /// With more slots than necessary, which changes nothing that can be seen.
  Ring(const RingShape& shape, std::size_t n_slots)
      : shape_(shape), n_slots_(n_slots), slots_(std::make_unique<Slot[]>(n_slots)) {
    Atomics::require(1 <= shape.round && shape.round <= shape.capacity, "1 <= U <= C");
    Atomics::require(shape.in_flight >= shape.round, "W >= U");
    Atomics::require(n_slots >= shape.n_slots(), "P >= C + W - U");
    limit_.store(shape.in_flight, std::memory_order_relaxed);  // before any other thread exists
  }

  const RingShape& shape() const { return shape_; }

  // Writers, any number of threads.

  bool admits(Ticket ticket) const {
    // acquire: pairs with the release in release(); the reads of the slot's last episode are over
    return limit_.load(std::memory_order_acquire) > ticket;
  }

  /// Blocks until the ticket is admitted. For writers that are not started by a schedule.
  void wait_admitted(Ticket ticket) const {
    for (std::uint64_t seen; (seen = limit_.load(std::memory_order_acquire)) <= ticket;) {
      limit_.wait(seen, std::memory_order_acquire);
    }
  }

  /// The slot of an admitted ticket. It still holds an older episode: overwrite, do not append.
  Episode& slot_for(Ticket ticket) {
    Atomics::require(admits(ticket), "a ticket is written after it was admitted");
    // relaxed: the order comes from admits()
    Atomics::require(slot(ticket).stamp.load(std::memory_order_relaxed) <= ticket,
                     "a ticket is written once");
    return slot(ticket).episode;
  }

  /// After the last write to the slot.
  void publish(Ticket ticket) {
    // release: the episode before the stamp; pairs with the acquire in ready() and wait()
    slot(ticket).stamp.store(ticket + 1, std::memory_order_release);
    slot(ticket).stamp.notify_all();
  }

  /// What was published under the ticket, for who knows that it was and that the slot is not written again yet.
  const Episode& written(Ticket ticket) const {
    Atomics::require(ready(ticket), "a ticket is read after it was published");
    return slot(ticket).episode;
  }

  // The reader, one thread.

  bool ready(Ticket ticket) const {
    return slot(ticket).stamp.load(std::memory_order_acquire) == ticket + 1;
  }

  /// Blocks until the episode is published.
  void wait(Ticket ticket) const {
    const Slot& s = slot(ticket);
    for (std::uint64_t seen; (seen = s.stamp.load(std::memory_order_acquire)) != ticket + 1;) {
      Atomics::require(seen <= ticket, "an episode is read before its slot is used again");
      s.stamp.wait(seen, std::memory_order_acquire);
    }
  }

  /// Moves the window to [max(0, end - C), end), at most U further, once all of it is published.
  void advance(Ticket end) {
    Atomics::require(end_ <= end && end - end_ <= shape_.round, "the end moves by at most U");
    for (; end_ < end; ++end_) wait(end_);
    oldest_ = std::max(oldest_, lowest(end_));
  }

  /// The reader is done with what the next window will not hold: the window shrinks to
  /// [max(0, end + U - C), end), and the writers may go on to end + W.
  void release() {
    oldest_ = std::max(oldest_, lowest(end_ + shape_.round));
    // release: the reads of dropped episodes before the limit; pairs with the acquire in admits()
    limit_.store(end_ + shape_.in_flight, std::memory_order_release);
    limit_.notify_all();
  }

  Ticket oldest() const { return oldest_; }  // of the window [oldest, end)
  Ticket end() const { return end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - oldest_); }

  const Episode& episode(Ticket ticket) const {
    Atomics::require(oldest_ <= ticket && ticket < end_,
                     "a ticket that is read lies in the window");
    return slot(ticket).episode;
  }

  /// Makes [oldest, oldest + episodes.size()) the window, as after advance(). For a ring that nobody
  /// has written to; at most C episodes, and fewer only where the run has played no more.
  void restore(Ticket oldest, std::span<Episode> episodes) {
    Atomics::require(end_ == 0 && episodes.size() <= shape_.capacity, "a fresh ring is restored");
    oldest_ = end_ = oldest;
    for (Episode& episode : episodes) {
      slot(end_).episode = std::move(episode);
      slot(end_).stamp.store(end_ + 1, std::memory_order_release);  // as publish()
      ++end_;
    }
    limit_.store(end_ + shape_.in_flight - shape_.round, std::memory_order_release);
  }

 private:
  struct alignas(64) Slot {  // a cache line to itself: writers of neighbouring slots share none
    typename Atomics::Stamp stamp{0};  // ticket + 1 of the published episode, 0 before the first
    Episode episode{};
  };

  Ticket lowest(Ticket end) const { return end > shape_.capacity ? end - shape_.capacity : 0; }
  Slot& slot(Ticket ticket) { return slots_[ticket % n_slots_]; }
  const Slot& slot(Ticket ticket) const { return slots_[ticket % n_slots_]; }

  RingShape shape_;
  std::size_t n_slots_;
  std::unique_ptr<Slot[]> slots_;
  alignas(64) typename Atomics::Limit limit_{0};  // tickets below it may be written
  Ticket oldest_ = 0;                             // the reader's own
  Ticket end_ = 0;
};

}  // namespace qtot::replay
