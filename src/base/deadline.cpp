#include "qtot/base/deadline.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

namespace qtot {
namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Deadline::Deadline(double seconds) : seconds_(seconds), start_(seconds_now()) {}

void Deadline::restart() {
  start_ = seconds_now();
}

double Deadline::seconds_gone() const {
  return seconds_now() - start_;
}

double Deadline::seconds_left() const {
  if (!(seconds_ > 0)) return std::numeric_limits<double>::infinity();
  return std::max(0.0, seconds_ - seconds_gone());
}

bool Deadline::has_passed() const {
  return !(seconds_left() > 0);
}

void wait_for(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
              double seconds) {
  constexpr double kAtMost = 3600;  // no duration overflows; the caller looks again
  condition.wait_for(lock, std::chrono::duration<double>(std::min(seconds, kAtMost)));
}

void yield_processor() {
  std::this_thread::yield();
}

}  // namespace qtot
