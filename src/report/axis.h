#pragma once

#include <string>
#include <vector>

namespace qtot::report {

struct Tick {
  double value = 0;
  std::string label;
};

/// An axis from `low` to `high`, which both have a tick or lie within the outermost ones.
struct Axis {
  double low = 0;
  double high = 1;
  std::vector<Tick> ticks;
};

/// Ticks at multiples of 1, 2 or 5 times a power of ten, at most `max_ticks` (at least 3) of them; the axis
/// reaches from the last tick at or below `low` to the first at or above `high`. Where all values are
/// equal, one unit around them is shown.
Axis value_axis(double low, double high, int max_ticks);

/// From 0 to `last` exactly, with the ticks that fit; labels like 500, 50k, 1.5M.
Axis step_axis(double last, int max_ticks);

}  // namespace qtot::report
