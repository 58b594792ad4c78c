#pragma once

#include <cstddef>

namespace qtot::bench {

/// Arithmetic peak at the active instruction-set level: independent chains of fma in registers on
/// `threads` threads, in 1e9 operations per second (an fma is two); the best of several trials.
/// Where every thread has a core the time is the longest CPU time of a thread, so that other load on
/// the machine does not count; with more threads than cores it is the wall clock. On a machine
/// without fma this is the peak of the exact software fma. threads >= 1. Takes about 0.1 s.
double measure_fma_peak_gflops(bool single_precision, int threads);

/// The same, a trial of about 0.01 s at a time, for a peak between the measurements that it is compared
/// with: what the neighbours of a virtual machine leave of a core changes from second to second.
class PeakMeter {
 public:
  PeakMeter(bool single_precision, int threads);
  double trial() const;  // 1e9 operations per second

 private:
  bool single_precision_;
  int threads_;
  std::ptrdiff_t steps_;
};

}  // namespace qtot::bench
