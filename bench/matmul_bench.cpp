#include "bench/matmul_bench.h"

#include <algorithm>
#include <cstdio>
#include <type_traits>

#include "bench/bench_kernels.h"
#include "bench/clock.h"
#include "bench/peak.h"
#include "math/isa.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/math/matmul.h"

namespace qtot::math {

QTOT_DISPATCH(EigenProductKernels, eigen_product_kernels)

}  // namespace qtot::math

namespace qtot::bench {
namespace {

// Products of QMIX on maps from 3m to 27m; "/ep" is one episode's share.
const MatmulShape kShapes[] = {
    {"fc1", "step", 96, 64, 30, false},
    {"fc1", "step", 96, 64, 300, false},
    {"fc1", "step", 512, 64, 80, false},
    {"fc1", "step", 4096, 64, 30, false},
    {"fc1", "step", 4096, 64, 80, false},
    {"fc1", "step", 4096, 64, 300, false},
    {"gru", "step", 96, 192, 64, false},
    {"gru", "step", 512, 192, 64, false},
    {"gru", "step", 4096, 192, 64, false},
    {"hyper1", "step", 2000, 64, 48, false},
    {"hyper1", "step", 8000, 64, 300, false},
    {"hyper1", "step", 23000, 64, 1200, false},
    {"hyper2", "step", 2000, 96, 64, false},
    {"hyper2", "step", 8000, 320, 64, false},
    {"hyper2", "step", 23000, 864, 64, false},
    {"wgrad-gru/ep", "step", 64, 192, 480, true},
    {"wgrad-gru", "step", 64, 192, 8000, true},
    {"wgrad-fc1/ep", "step", 80, 64, 480, true},
    {"wgrad-hyp1/ep", "step", 300, 64, 60, true},
    {"wgrad-hyp1", "step", 1200, 64, 8000, true},
    {"wgrad-hyp2/ep", "step", 64, 320, 60, true},
    {"wgrad-hyp2", "step", 64, 864, 8000, true},
    {"dX-gru", "step", 4096, 64, 192, false},
    {"dX-hyp2", "step", 8000, 64, 320, false},
    {"gru-step", "small", 3, 192, 64, false},
    {"gru-step", "small", 5, 192, 64, false},
    {"gru-step", "small", 8, 192, 64, false},
    {"gru-step", "small", 10, 192, 64, false},
    {"dX-gru-step", "small", 8, 64, 192, false},
    {"fc2", "small", 480, 9, 64, false},
    {"fc2", "small", 960, 14, 64, false},
    {"fc2", "small", 1800, 18, 64, false},
    {"wgrad-fc2/ep", "small", 64, 9, 480, true},
    {"hyper-v2", "small", 2000, 1, 64, false},
    {"wgrad-hyper-v2", "small", 64, 1, 2000, true},
};

double median(std::vector<double> x) {
  QTOT_CHECK(!x.empty());
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

// One shape: its operands, and the times of both products.
template <class T>
class Contest {
 public:
  Contest(const MatmulShape& shape, double seconds_per_sample)
      : shape_(shape),
        a_(filled(shape.m * shape.depth)),
        b_(filled(shape.depth * shape.n)),
        out_(static_cast<std::size_t>(shape.m * shape.n)) {
    own();  // pages and caches
    eigen();
    const double once = std::max(1e-8, std::min(seconds(false), seconds(true)));
    repeats_ = std::max(1, static_cast<int>(seconds_per_sample / once));
  }

  void round(bool eigen_first) {
    const double first = seconds(eigen_first);
    const double second = seconds(!eigen_first);
    own_seconds_.push_back(eigen_first ? second : first);
    eigen_seconds_.push_back(eigen_first ? first : second);
    ratios_.push_back(eigen_seconds_.back() / own_seconds_.back());
  }

  MatmulMeasurement result(double peak_gflops) const {
    const double flops = 2.0 * static_cast<double>(shape_.m * shape_.n * shape_.depth);
    const double own_gflops = 1e-9 * flops / median(own_seconds_);
    return {.shape = shape_,
            .single_precision = std::is_same_v<T, float>,
            .own_gflops = own_gflops,
            .eigen_gflops = 1e-9 * flops / median(eigen_seconds_),
            .ratio = median(ratios_),
            .share_of_peak = own_gflops / peak_gflops};
  }

 private:
  // Values of one scale, none denormal: k / 64 for k = -32 .. 32.
  static std::vector<T> filled(std::ptrdiff_t size) {
    std::vector<T> x(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<T>(static_cast<int>(i * 37 % 65) - 32) / T(64);
    }
    return x;
  }

  double seconds(bool of_eigen) {
    const double start = thread_cpu_seconds();
    for (int i = 0; i < repeats_; ++i) of_eigen ? eigen() : own();
    return (thread_cpu_seconds() - start) / repeats_;
  }

  void own() {
    const auto out = math::view(out_.data(), shape_.m, shape_.n);
    const auto b = math::view(b_.data(), shape_.depth, shape_.n);
    if (shape_.transposed_a) {
      math::matmul_tn<T>(math::view(a_.data(), shape_.depth, shape_.m), b, out);
    } else {
      math::matmul<T>(math::view(a_.data(), shape_.m, shape_.depth), b, out);
    }
  }

  void eigen() {
    const auto& kernels = math::pick_eigen_product_kernels();
    if constexpr (std::is_same_v<T, float>) {
      kernels.product_f32(shape_.transposed_a, shape_.m, shape_.n, shape_.depth, a_.data(),
                          b_.data(), out_.data());
    } else {
      kernels.product_f64(shape_.transposed_a, shape_.m, shape_.n, shape_.depth, a_.data(),
                          b_.data(), out_.data());
    }
  }

  MatmulShape shape_;
  const std::vector<T> a_, b_;
  std::vector<T> out_;
  int repeats_ = 1;
  std::vector<double> own_seconds_, eigen_seconds_, ratios_;
};

template <class T>
void measure(const MatmulBenchOptions& options, double peak_gflops, MatmulReport& report) {
  std::vector<Contest<T>> contests;
  for (const MatmulShape& shape : kShapes) {
    if (shape.name.starts_with(options.shape))
      contests.emplace_back(shape, options.seconds_per_sample);
  }
  if (contests.empty()) {
    throw Error("shape " + options.shape +
                ": no product has a name that begins so; there are fc1, "
                "gru, hyper1, hyper2, wgrad-..., dX-..., fc2 and hyper-v2");
  }
  for (int round = 0; round < options.rounds; ++round) {
    for (Contest<T>& contest : contests) contest.round(round % 2 == 1);
  }
  for (const Contest<T>& contest : contests) {
    report.measurements.push_back(contest.result(peak_gflops));
  }
}

void summarise(MatmulReport& report) {
  for (const bool single_precision : {true, false}) {
    for (const char* group : {"step", "small"}) {
      std::vector<double> ratios;
      for (const MatmulMeasurement& m : report.measurements) {
        if (m.single_precision == single_precision && m.shape.group == group) {
          ratios.push_back(m.ratio);
        }
      }
      if (ratios.empty()) continue;
      report.summaries.push_back(
          {.group = group,
           .single_precision = single_precision,
           .median_ratio = median(ratios),
           .smallest_ratio = *std::min_element(ratios.begin(), ratios.end())});
    }
  }
}

template <class... Values>
std::string line(const char* format, Values... values) {
  char text[160];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

MatmulReport bench_matmul(const MatmulBenchOptions& options) {
  QTOT_CHECK_GE(options.rounds, 1);
  MatmulReport report = {};
  report.isa = math::name(math::active_isa());
  report.peak_gflops_f32 = measure_fma_peak_gflops(true, 1);
  report.peak_gflops_f64 = measure_fma_peak_gflops(false, 1);
  measure<float>(options, report.peak_gflops_f32, report);
  measure<double>(options, report.peak_gflops_f64, report);
  summarise(report);
  return report;
}

std::string to_text(const MatmulReport& report) {
  std::string text = line("level %s, one core: FMA peak %.1f GF/s in float, %.1f in double\n\n",
                          report.isa.c_str(), report.peak_gflops_f32, report.peak_gflops_f64);
  text += line("%-15s %-6s %6s %5s %5s %8s %8s %7s %8s\n", "product", "type", "M", "N", "K", "own",
               "Eigen", "ratio", "of peak");
  for (const MatmulMeasurement& m : report.measurements) {
    text += line("%-15s %-6s %6td %5td %5td %8.1f %8.1f %7.2f %8.2f\n", m.shape.name.c_str(),
                 m.single_precision ? "float" : "double", m.shape.m, m.shape.n, m.shape.depth,
                 m.own_gflops, m.eigen_gflops, m.ratio, m.share_of_peak);
  }
  text += "\n";
  for (const MatmulSummary& s : report.summaries) {
    text += line("%-6s %-6s ratio to Eigen: median %.2f, smallest %.2f\n", s.group.c_str(),
                 s.single_precision ? "float" : "double", s.median_ratio, s.smallest_ratio);
  }
  return text;
}

}  // namespace qtot::bench
