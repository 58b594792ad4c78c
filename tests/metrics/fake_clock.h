#pragma once

#include "qtot/metrics/clock.h"

namespace qtot::test {

/// A clock that a test sets.
class FakeClock final : public metrics::Clock {
 public:
  double steady_seconds() const override { return seconds; }
  double wall_seconds() const override { return 1.7e9 + seconds; }

  double seconds = 1000;
};

}  // namespace qtot::test
