#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/matmul_bench.h"
#include "cli/verbs.h"

namespace qtot::cli {
namespace {

using Json = nlohmann::ordered_json;

struct MatmulArguments {
  bench::MatmulBenchOptions options;
  bool json = false;
};

// The median share of the float products of a training step: the figure to quote.
double median_share(const bench::MatmulReport& report) {
  std::vector<double> shares;
  for (const bench::MatmulMeasurement& m : report.measurements) {
    if (m.single_precision) shares.push_back(m.share_of_peak);
  }
  if (shares.empty()) return 0;
  std::ranges::sort(shares);
  return shares[shares.size() / 2];
}

Json to_json(const bench::MatmulReport& report) {
  Json json = {{"isa", report.isa},
               {"threads", 1},
               {"peak_gflops", report.peak_gflops_f32},
               {"peak_gflops_f64", report.peak_gflops_f64},
               {"share_of_peak", median_share(report)}};
  for (const bench::MatmulSummary& s : report.summaries) {
    json["summaries"].push_back({{"group", s.group},
                                 {"scalar", s.single_precision ? "float" : "double"},
                                 {"median_ratio", s.median_ratio},
                                 {"smallest_ratio", s.smallest_ratio}});
  }
  for (const bench::MatmulMeasurement& m : report.measurements) {
    json["shapes"].push_back({{"name", m.shape.name},
                              {"group", m.shape.group},
                              {"scalar", m.single_precision ? "float" : "double"},
                              {"m", m.shape.m},
                              {"n", m.shape.n},
                              {"k", m.shape.depth},
                              {"transposed_a", m.shape.transposed_a},
                              {"gflops", m.own_gflops},
                              {"eigen_gflops", m.eigen_gflops},
                              {"ratio", m.ratio},
                              {"of_peak", m.share_of_peak}});
  }
  return json;
}

void add_matmul(CLI::App& bench, ExitCode& exit_code) {
  CLI::App* verb = bench.add_subcommand(
      "matmul", "Canonical products against Eigen's own, at one level, one thread");
  verb->footer(
      "ratio is Eigen's time over ours, back to back: above 1 the fixed order costs nothing.");
  auto arguments = std::make_shared<MatmulArguments>();
  verb->add_option("--shape", arguments->options.shape, "only shapes whose name begins so")
      ->type_name("NAME");
  verb->add_option("--rounds", arguments->options.rounds, "rounds over all shapes (default: 11)")
      ->check(CLI::Range(1, 10000));
  verb->add_flag("--json", arguments->json, "report as one JSON document");
  verb->callback([arguments, &exit_code] {
    const bench::MatmulReport report = bench::bench_matmul(arguments->options);
    if (arguments->json) {
      std::cout << to_json(report).dump(2) << '\n';
    } else {
      std::cout << bench::to_text(report);
    }
    exit_code = ExitCode::kDone;
  });
}

}  // namespace

void add_bench(CLI::App& app, ExitCode& exit_code) {
  CLI::App* verb = app.add_subcommand("bench", "Measure speed: medians, beside the machine's peak");
  verb->require_subcommand(1);
  add_matmul(*verb, exit_code);
}

}  // namespace qtot::cli
