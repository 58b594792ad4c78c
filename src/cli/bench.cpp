#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/learner_bench.h"
#include "bench/matmul_bench.h"
#include "bench/rollout_bench.h"
#include "cli/verbs.h"
#include "qtot/yaml/resolve.h"

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

constexpr int kMaxThreads = 1024;
constexpr int kMaxCount = 100000;

Json to_json(const bench::Spread& spread) {
  return {{"median", spread.median},
          {"lower_quartile", spread.lower_quartile},
          {"upper_quartile", spread.upper_quartile}};
}

Json to_json(const bench::LearnerReport& report) {
  const bench::LearnerBenchOptions& options = report.options;
  return {{"shape", options.shape},
          {"n_agents", report.spec.n_agents},
          {"n_actions", report.spec.n_actions},
          {"obs_shape", report.spec.obs_dim},
          {"state_shape", report.spec.state_dim},
          {"episode_limit", report.spec.episode_limit},
          {"batch", options.batch_size},
          {"lengths", options.lengths},
          {"mixer", options.mixer},
          {"threads", options.n_threads},
          {"isa", report.isa},
          {"seconds", to_json(report.seconds)},
          {"gflop", report.gflop},
          {"gflops", report.gflops},
          {"peak_gflops", report.peak_gflops},
          {"share_of_peak", report.share_of_peak}};
}

Json to_json(const bench::RolloutReport& report) {
  return {{"env", report.env},
          {"episodes", report.options.n_episodes},
          {"threads", report.options.n_threads},
          {"isa", report.isa},
          {"steps_per_second", to_json(report.steps_per_second)},
          {"gflops", report.gflops},
          {"peak_gflops", report.peak_gflops},
          {"share_of_peak", report.share_of_peak}};
}

template <class Report>
void print(const Report& report, bool json) {
  if (json) {
    std::cout << to_json(report).dump(2) << '\n';
  } else {
    std::cout << bench::to_text(report);
  }
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
    print(report, arguments->json);
    exit_code = ExitCode::kDone;
  });
}

void add_learner(CLI::App& bench, ExitCode& exit_code) {
  struct Arguments {
    bench::LearnerBenchOptions options;
    bool json = false;
  };
  CLI::App* verb =
      bench.add_subcommand("learner", "One update of the learner on a synthetic batch");
  auto arguments = std::make_shared<Arguments>();
  bench::LearnerBenchOptions& options = arguments->options;
  verb->add_option("--shape", options.shape,
                   "3m (default), 2s3z, 8m_vs_9m, MMM2, 27m_vs_30m, stag_hunt_small, or "
                   "agents,actions,observation,state,limit")
      ->type_name("NAME|A,U,O,S,T");
  verb->add_option("--batch", options.batch_size, "episodes (default: 32)")
      ->check(CLI::Range(1, kMaxCount));
  verb->add_option("--threads", options.n_threads, "worker threads (default: 1)")
      ->check(CLI::Range(1, kMaxThreads));
  verb->add_option("--lengths", options.lengths, "full (default), or ragged: uniform in [T/4, T]")
      ->type_name("KIND");
  verb->add_option("--mixer", options.mixer, "qmix (default), vdn or iql")->type_name("NAME");
  verb->add_option("--updates", options.n_updates, "timed updates (default: 15)")
      ->check(CLI::Range(1, kMaxCount));
  verb->add_flag("--json", arguments->json, "report as one JSON document");
  verb->callback([arguments, &exit_code] {
    print(bench::bench_learner(arguments->options), arguments->json);
    exit_code = ExitCode::kDone;
  });
}

void add_rollout(CLI::App& bench, ExitCode& exit_code) {
  struct Arguments {
    ConfigArguments config;
    bench::RolloutBenchOptions options;
    bool json = false;
  };
  CLI::App* verb = bench.add_subcommand(
      "rollout", "Environment steps per second, acting with the agent network");
  auto arguments = std::make_shared<Arguments>();
  arguments->config.add_to(*verb);
  verb->add_option("--episodes", arguments->options.n_episodes, "of a round (default: 32)")
      ->check(CLI::Range(1, kMaxCount));
  verb->add_option("--rounds", arguments->options.n_rounds, "timed rounds (default: 15)")
      ->check(CLI::Range(1, kMaxCount));
  verb->add_option("--threads", arguments->options.n_threads, "worker threads (default: 1)")
      ->check(CLI::Range(1, kMaxThreads));
  verb->add_flag("--json", arguments->json, "report as one JSON document");
  verb->callback([arguments, &exit_code] {
    const yaml::Resolved resolved =
        yaml::resolve(arguments->config.config, arguments->config.env_config,
                      assignments(arguments->config.words));
    print(bench::bench_rollout(resolved.config, arguments->options), arguments->json);
    exit_code = ExitCode::kDone;
  });
}

}  // namespace

void add_bench(CLI::App& app, ExitCode& exit_code) {
  CLI::App* verb = app.add_subcommand("bench", "Measure speed: medians, beside the machine's peak");
  verb->require_subcommand(1);
  add_matmul(*verb, exit_code);
  add_learner(*verb, exit_code);
  add_rollout(*verb, exit_code);
}

}  // namespace qtot::cli
