#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// The canonical products against Eigen's own, which may sum in any order, compiled at the same
/// instruction-set level: what the fixed order costs.
namespace qtot::bench {

struct MatmulShape {
  std::string name;
  std::string group;  // "step": products of a training step; "small": few rows or few columns
  std::ptrdiff_t m, n, depth;
  bool transposed_a;  // out = a^T b, the form of a weight gradient
};

struct MatmulMeasurement {
  MatmulShape shape;
  bool single_precision;
  double own_gflops;  // medians over the rounds, one thread, CPU time
  double eigen_gflops;
  double ratio;          // median over the rounds of Eigen's time / own time, taken back to back
  double share_of_peak;  // own_gflops / FMA peak
};

struct MatmulSummary {
  std::string group;
  bool single_precision;
  double median_ratio;
  double smallest_ratio;
};

struct MatmulReport {
  std::string isa;         // active instruction-set level
  double peak_gflops_f32;  // one thread, measured in the same run
  double peak_gflops_f64;
  std::vector<MatmulMeasurement> measurements;
  std::vector<MatmulSummary> summaries;  // of each group and precision that was measured
};

struct MatmulBenchOptions {
  std::string shape;                 // only shapes whose name begins so; empty for all
  int rounds = 11;                   // each round times every shape once, own and Eigen's in turn
  double seconds_per_sample = 2e-3;  // at least; short products are repeated
};

/// Throws Error where no shape has the name.
MatmulReport bench_matmul(const MatmulBenchOptions& options);

/// The report as a table of text.
std::string to_text(const MatmulReport& report);

}  // namespace qtot::bench
