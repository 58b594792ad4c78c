#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/env_bench.h"
#include "bench/learner_bench.h"
#include "bench/matmul_bench.h"
#include "bench/replay_bench.h"
#include "bench/rollout_bench.h"
#include "bench/train_bench.h"
#include "cli/rank_job.h"
#include "cli/verbs.h"
#include "qtot/plugin/load.h"
#include "qtot/yaml/resolve.h"
#include "qtot/yaml/yaml.h"

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

constexpr int kMaxHidden = 4096;
constexpr int kMaxCount = 100000;
constexpr const char* kLengthsHelp =
    "full (default); ragged: uniform in [T/4, T]; half: uniform in [T/4, 3T/4]; or all x T, x in "
    "(0, 1]";

Json to_json(const bench::Spread& spread) {
  return {{"median", spread.median},
          {"lower_quartile", spread.lower_quartile},
          {"upper_quartile", spread.upper_quartile}};
}

Json to_json(const bench::LearnerReport& report) {
  const bench::LearnerBenchOptions& options = report.options;
  Json projections = Json::array();
  for (const bench::Projection& p : report.projections) {
    projections.push_back(
        {{"threads", p.n_threads}, {"seconds", p.seconds}, {"speedup", p.speedup}});
  }
  return {{"shape", options.shape},
          {"n_agents", report.spec.n_agents},
          {"n_actions", report.spec.n_actions},
          {"obs_shape", report.spec.obs_dim},
          {"state_shape", report.spec.state_dim},
          {"episode_limit", report.spec.episode_limit},
          {"batch", options.batch_size},
          {"lengths", options.lengths},
          {"mixer", options.mixer},
          {"hidden_dim", options.hidden_dim},
          {"threads", options.n_threads},
          {"isa", report.isa},
          {"seconds", to_json(report.seconds)},
          {"gflop", report.gflop},
          {"ranks", report.n_ranks},
          {"gflops", report.gflops},
          {"peak_gflops", report.peak_gflops},
          {"share_of_peak", report.share_of_peak},
          {"learner_mb", report.learner_mb},
          {"projections", projections}};
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

Json to_json(const bench::EnvReport& report) {
  return {{"env", report.options.env},
          {"n_agents", report.spec.n_agents},
          {"n_actions", report.spec.n_actions},
          {"obs_shape", report.spec.obs_dim},
          {"state_shape", report.spec.state_dim},
          {"episode_limit", report.spec.episode_limit},
          {"steps_per_second", to_json(report.steps_per_second)},
          {"steps_per_second_by_the_clock", to_json(report.by_the_clock)},
          {"episode_length", report.episode_length}};
}

Json to_json(const bench::ReplayReport& report) {
  return {{"shape", report.options.shape},
          {"lengths", report.options.lengths},
          {"episodes", report.options.n_episodes},
          {"mean_length", report.mean_length},
          {"bytes_per_episode", report.bytes_per_episode},
          {"resident_per_episode", report.resident_per_episode},
          {"padded_per_episode", report.padded_per_episode},
          {"capacity", report.options.capacity},
          {"capacity_gib", report.capacity_gib}};
}

Json to_json(const bench::TrainReport& report) {
  Json json = {{"env", report.env},
               {"batch", report.batch_size},
               {"batch_size_run", report.batch_size_run},
               {"pipeline", report.pipeline},
               {"threads", report.options.n_threads},
               {"rounds", report.options.n_rounds},
               {"n_agents", report.spec.n_agents},
               {"n_actions", report.spec.n_actions},
               {"obs_shape", report.spec.obs_dim},
               {"state_shape", report.spec.state_dim},
               {"episode_limit", report.spec.episode_limit},
               {"parameters", report.n_params},
               {"isa", report.isa},
               {"steps_per_second", report.steps_per_second},
               {"round_seconds", to_json(report.round_seconds)},
               {"acting", report.acting},
               {"environment", report.environment},
               {"learning", report.learning},
               {"waiting", report.waiting},
               {"learning_of_wall", report.learning_of_wall},
               {"busy_in_learning", report.busy_in_learning},
               {"busy_in_collecting", report.busy_in_collecting},
               {"ranks", report.n_ranks}};
  for (const bench::RankWait& wait : report.ranks) {
    json["waiting_for_ranks"][wait.channel] = {{"of_wall", wait.waiting},
                                               {"mb_per_round", wait.mb_per_round},
                                               {"messages_per_round", wait.messages_per_round}};
  }
  if (report.options.tells_episodes) {
    json["lengths"] = report.lengths;
    json["batches"] = report.batches;
  }
  return json;
}

template <class Report>
void print(const Report& report, bool json) {
  if (json) {
    std::cout << to_json(report).dump(2) << '\n';
  } else {
    std::cout << bench::to_text(report);
  }
}

void add_matmul(Verb& bench) {
  Verb verb =
      bench.verb("matmul", "Canonical products against Eigen's own, at one level, one thread");
  verb.footer(
      "ratio is Eigen's time over ours, back to back: above 1 the fixed order costs nothing.");
  auto arguments = std::make_shared<MatmulArguments>();
  verb.option("--shape", arguments->options.shape, "only shapes whose name begins so")
      .type_name("NAME");
  verb.option("--rounds", arguments->options.rounds, "rounds over all shapes (default: 11)")
      .range(1, 10000);
  verb.json_flag(arguments->json);
  verb.action([arguments] {
    const bench::MatmulReport report = bench::bench_matmul(arguments->options);
    print(report, arguments->json);
    return ExitCode::kDone;
  });
}

void add_learner(Verb& bench) {
  struct Arguments {
    bench::LearnerBenchOptions options;
    bool json = false;
  };
  Verb verb = bench.verb("learner", "One update of the learner on a synthetic batch");
  auto arguments = std::make_shared<Arguments>();
  bench::LearnerBenchOptions& options = arguments->options;
  verb.option("--shape", options.shape,
              "3m (default), 2s3z, 8m_vs_9m, MMM2, 27m_vs_30m, stag_hunt_small, or "
              "agents,actions,observation,state,limit")
      .type_name("NAME|A,U,O,S,T");
  verb.option("--batch", options.batch_size, "episodes (default: 32)").range(1, kMaxCount);
  verb.option("--threads", options.n_threads, "worker threads (default: 1)").range(1U, kMaxThreads);
  verb.option("--lengths", options.lengths, kLengthsHelp).type_name("KIND");
  verb.option("--mixer", options.mixer, "qmix (default), qatten, qplex, qplex_qatten, vdn or iql")
      .type_name("NAME");
  verb.option("--hidden", options.hidden_dim, "hidden units of the agent (default: 64)")
      .range(1, kMaxHidden);
  verb.option("--updates", options.n_updates, "timed updates (default: 15)").range(1, kMaxCount);
  verb.option(
          "--project", options.projected_threads,
          "reckon, from the times of the pieces of work, with 1, 2, 4, ... up to so many threads")
      .range(1U, kMaxThreads);
  verb.json_flag(arguments->json);
  verb.action([arguments] {
    RankJob job({.same = {{"--shape", arguments->options.shape},
                          {"--batch", std::to_string(arguments->options.batch_size)},
                          {"--lengths", arguments->options.lengths},
                          {"--mixer", arguments->options.mixer},
                          {"--hidden", std::to_string(arguments->options.hidden_dim)},
                          {"--updates", std::to_string(arguments->options.n_updates)}}});
    arguments->options.transport = job.transport();
    job.run([&] {
      const bench::LearnerReport report = bench::bench_learner(arguments->options);
      if (job.is_first()) print(report, arguments->json);
    });
    return ExitCode::kDone;
  });
}

void add_rollout(Verb& bench) {
  struct Arguments {
    ConfigArguments config;
    bench::RolloutBenchOptions options;
    bool json = false;
  };
  Verb verb = bench.verb("rollout", "Environment steps per second, acting with the agent network");
  auto arguments = std::make_shared<Arguments>();
  arguments->config.add_to(verb);
  verb.option("--episodes", arguments->options.n_episodes, "of a round (default: 32)")
      .range(1, kMaxCount);
  verb.option("--rounds", arguments->options.n_rounds, "timed rounds (default: 15)")
      .range(1, kMaxCount);
  verb.option("--threads", arguments->options.n_threads, "worker threads (default: 1)")
      .range(1U, kMaxThreads);
  verb.json_flag(arguments->json);
  verb.action([arguments] {
    arguments->config.plugins.load();
    const yaml::Resolved resolved =
        yaml::resolve(arguments->config.config, arguments->config.env_config,
                      assignments(arguments->config.words));
    print(bench::bench_rollout(resolved.config, arguments->options), arguments->json);
    return ExitCode::kDone;
  });
}

void add_train_bench(Verb& bench) {
  struct Arguments {
    ConfigArguments config;
    bench::TrainBenchOptions options;
    bool json = false;
  };
  Verb verb = bench.verb("train", "Training end to end, and where its time goes");
  auto arguments = std::make_shared<Arguments>();
  arguments->config.add_to(verb);
  verb.option("--rounds", arguments->options.n_rounds, "timed rounds (default: 30)")
      .range(1, kMaxCount);
  verb.option("--threads", arguments->options.n_threads, "worker threads (default: 1)")
      .range(1U, kMaxThreads);
  verb.flag(
      "--episodes", arguments->options.tells_episodes,
      "with --json: the length of every episode, and the episodes of every timed update and the "
      "next, from which tools/cluster_model reckons what ranks send each other");
  verb.json_flag(arguments->json);
  verb.action([arguments] {
    arguments->config.plugins.load();
    const yaml::Resolved resolved =
        yaml::resolve(arguments->config.config, arguments->config.env_config,
                      assignments(arguments->config.words));
    RankJobOptions options = RankJobOptions::of(resolved);
    options.same.emplace_back("--plugin", plugin::identity(arguments->config.plugins.files));
    options.same.emplace_back("--rounds", std::to_string(arguments->options.n_rounds));
    RankJob job(options);
    arguments->options.transport = job.transport();
    job.run([&] {
      const bench::TrainReport report = bench::bench_train(resolved.config, arguments->options);
      if (job.is_first()) print(report, arguments->json);
    });
    return ExitCode::kDone;
  });
}

void add_env_bench(Verb& bench) {
  struct Arguments {
    bench::EnvBenchOptions options;
    PluginArguments plugins;
    std::vector<std::string> words;
    bool json = false;
  };
  Verb verb = bench.verb("env", "Steps per second of an environment alone, on one core");
  auto arguments = std::make_shared<Arguments>();
  arguments->plugins.add_to(verb);
  verb.option("name", arguments->options.env, "environment, one of its maps, or environment/map")
      .required()
      .type_name("NAME");
  verb.option("words", arguments->words, "[with] key=value ...: its arguments")
      .type_name("KEY=VALUE");
  verb.option("--steps", arguments->options.n_steps, "of a round (default: 20000)")
      .range(1, 100 * kMaxCount);
  verb.option("--rounds", arguments->options.n_rounds, "timed rounds (default: 15)")
      .range(1, kMaxCount);
  verb.json_flag(arguments->json);
  verb.action([arguments] {
    arguments->plugins.load();
    arguments->options.env_args = yaml::parse_assignments(assignments(arguments->words));
    print(bench::bench_env(arguments->options), arguments->json);
    return ExitCode::kDone;
  });
}

void add_replay(Verb& bench) {
  struct Arguments {
    bench::ReplayBenchOptions options;
    bool json = false;
  };
  Verb verb = bench.verb("replay", "Memory that stored episodes take");
  auto arguments = std::make_shared<Arguments>();
  bench::ReplayBenchOptions& options = arguments->options;
  verb.option("--shape", options.shape, "as of bench learner (default: 27m_vs_30m)")
      .type_name("NAME|A,U,O,S,T");
  verb.option("--episodes", options.n_episodes, "that are stored (default: 500)")
      .range(1, kMaxCount);
  verb.option("--capacity", options.capacity, "episodes to reckon with (default: 5000)")
      .range(1, 100 * kMaxCount);
  verb.option("--lengths", options.lengths, kLengthsHelp).type_name("KIND");
  verb.json_flag(arguments->json);
  verb.action([arguments] {
    print(bench::bench_replay(arguments->options), arguments->json);
    return ExitCode::kDone;
  });
}

}  // namespace

void add_bench(Verb& app) {
  Verb verb = app.verb("bench", "Measure speed: medians, beside the machine's peak");
  verb.require_verb();
  add_matmul(verb);
  add_learner(verb);
  add_rollout(verb);
  add_train_bench(verb);
  add_env_bench(verb);
  add_replay(verb);
}

}  // namespace qtot::cli
