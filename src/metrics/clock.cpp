#include "qtot/metrics/clock.h"

#include <chrono>

namespace qtot::metrics {
namespace {

template <class StdClock>
double seconds_now() {
  return std::chrono::duration<double>(StdClock::now().time_since_epoch()).count();
}

class MachineClock final : public Clock {
 public:
  double steady_seconds() const override { return seconds_now<std::chrono::steady_clock>(); }
  double wall_seconds() const override { return seconds_now<std::chrono::system_clock>(); }
};

}  // namespace

const Clock& machine_clock() {
  static const MachineClock clock;
  return clock;
}

}  // namespace qtot::metrics
