#include "qtot/metrics/clock.h"

#include <chrono>
#include <ctime>

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

void rest(double seconds) {
  constexpr double kNanoseconds = 1e9;
  const auto whole = static_cast<time_t>(seconds);
  const double part = seconds - static_cast<double>(whole);
  const timespec duration = {.tv_sec = whole, .tv_nsec = static_cast<long>(part * kNanoseconds)};
  ::nanosleep(&duration, nullptr);
}

}  // namespace qtot::metrics
