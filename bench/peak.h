#pragma once

namespace qtot::bench {

/// Arithmetic peak at the active instruction-set level: independent chains of fma in registers on
/// `threads` threads, in 1e9 operations per second (an fma is two); the best of several trials.
/// Where every thread has a core the time is the longest CPU time of a thread, so that other load on
/// the machine does not count; with more threads than cores it is the wall clock. On a machine
/// without fma this is the peak of the exact software fma. threads >= 1. Takes about 0.1 s.
double measure_fma_peak_gflops(bool single_precision, int threads);

}  // namespace qtot::bench
