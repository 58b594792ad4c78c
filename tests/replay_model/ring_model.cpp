// Runs the ring itself, ring.h and no copy of it, on Relacy's atomics: every run is one interleaving
// under the C++11 memory model, weak loads included, with a race detector on the plain data. What holds
// of the ring must hold in all of them, and each mutant must be caught.
#include "qtot/replay/ring.h"

#include <cstdint>
#include <iostream>
#include <optional>
#include <string_view>

// Relacy replaces keywords, library names and the global allocation functions: it comes last, and
// nothing else may live in this program.
#include <relacy/relacy.hpp>

namespace qtot::replay {
namespace {

constexpr std::size_t kWriters = 2;
constexpr Ticket kTickets = 6;
constexpr rl::iteration_t kInterleavings = 60000;

rl::memory_order order_of(std::memory_order order) {
  if (order == std::memory_order::acquire) return rl::mo_acquire;
  if (order == std::memory_order::release) return rl::mo_release;
  return rl::mo_relaxed;
}

/// std::atomic as the ring uses it. `kWeak`: its release is relaxed, a mutant.
template <bool kWeak>
class ModelAtomic {
 public:
  explicit ModelAtomic(std::uint64_t value) { atomic_.store(value, rl::mo_relaxed, $); }

  std::uint64_t load(std::memory_order order) const { return atomic_.load(order_of(order), $); }
  void store(std::uint64_t value, std::memory_order order) {
    atomic_.store(value, kWeak ? rl::mo_relaxed : order_of(order), $);
  }
  void wait(std::uint64_t, std::memory_order) const { rl::yield(1, $); }
  void notify_all() {}

 private:
  rl::atomic<std::uint64_t> atomic_;
};

template <bool kWeakPublish, bool kWeakRelease, bool kChecked>
struct ModelAtomics {
  using Stamp = ModelAtomic<kWeakPublish>;
  using Limit = ModelAtomic<kWeakRelease>;
  static void require(bool holds, const char*) {
    if (kChecked) RL_ASSERT(holds);
  }
};

struct Payload {
  rl::var<std::uint64_t> word;
};

constexpr RingShape kShape = {.capacity = 2, .round = 1, .in_flight = 2};

/// One schedule on `kSlots` slots. Writers share the tickets, the reader reads every window.
template <class Atomics, std::size_t kSlots, rl::test_result_e kExpected>
struct RingModel : rl::test_suite<RingModel<Atomics, kSlots, kExpected>, kWriters + 1, kExpected> {
  std::optional<Ring<Payload, Atomics>> ring;

  void before() { ring.emplace(kShape, kSlots); }
  void after() { ring.reset(); }

  void thread(unsigned index) {
    if (index == kWriters) {
      for (Ticket end = 1; end <= kTickets; ++end) {
        ring->advance(end);
        for (Ticket t = ring->oldest(); t < end; ++t) {
          RL_ASSERT(ring->episode(t).word($).load() == t + 100);
        }
        ring->release();
      }
      return;
    }
    for (Ticket t = index; t < kTickets; t += kWriters) {
      ring->wait_admitted(t);
      ring->slot_for(t).word($).store(t + 100);
      ring->publish(t);
    }
  }
};

using Sound = ModelAtomics<false, false, true>;
using Unchecked = ModelAtomics<false, false, false>;
using WeakPublish = ModelAtomics<true, false, false>;
using WeakRelease = ModelAtomics<false, true, false>;

constexpr std::size_t kTight = kShape.n_slots();
static_assert(kTight == 3);

template <class Atomics, std::size_t kSlots, rl::test_result_e kExpected>
bool ends_in() {
  rl::test_params params;
  params.iteration_count = kInterleavings;
  return rl::simulate<RingModel<Atomics, kSlots, kExpected>>(params) &&
         params.test_result == kExpected;
}

struct Case {
  std::string_view name;
  bool (*holds)();
};

const Case kCases[] = {
    {"is_race_free_at_the_tight_bound", ends_in<Sound, kTight, rl::test_result_success>},
    {"one_slot_less_is_a_race", ends_in<Unchecked, kTight - 1, rl::test_result_data_race>},
    {"one_slot_less_is_refused", ends_in<Sound, kTight - 1, rl::test_result_user_assert_failed>},
    {"a_relaxed_publish_is_caught", ends_in<WeakPublish, kTight, rl::test_result_data_race>},
    {"a_relaxed_limit_is_caught", ends_in<WeakRelease, kTight, rl::test_result_data_race>},
};

}  // namespace
}  // namespace qtot::replay

int main(int argc, char** argv) {
  for (const auto& c : qtot::replay::kCases) {
    if (argc == 2 && c.name == argv[1]) return c.holds() ? 0 : 1;
  }
  std::cerr << "usage: qtot_ring_model CASE; one of:";
  for (const auto& c : qtot::replay::kCases) std::cerr << ' ' << c.name;
  std::cerr << '\n';
  return 2;
}
