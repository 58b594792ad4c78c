#pragma once

/// The only clock of qtot besides base/deadline.h. What it says reaches timing.jsonl, the wall_time of
/// TensorBoard's events and the progress bar; nothing else may depend on it.
namespace qtot::metrics {

class Clock {
 public:
  virtual ~Clock() = default;

  /// Seconds since some fixed moment; never goes back.
  virtual double steady_seconds() const = 0;
  /// Seconds since 1970, as the machine believes.
  virtual double wall_seconds() const = 0;
};

/// The clock of the machine.
const Clock& machine_clock();

/// Returns after so many seconds, earlier where a signal comes: for pictures that follow each other.
void rest(double seconds);

}  // namespace qtot::metrics
