#include <atomic>
#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/rank_job.h"
#include "cli/tables.h"
#include "cli/verbs.h"
#include "qtot/train/run.h"

namespace qtot::cli {
namespace {

struct Arguments {
  ConfigArguments config;
  std::string out;
  unsigned n_threads = std::max(1U, std::thread::hardware_concurrency());
  bool resume = false;
  bool overcommit = false;
  bool json = false;
};

constexpr unsigned kMaxThreads = 1024;

std::atomic<bool> stop_requested{false};

// The first signal asks for an orderly end, the second takes the system's way.
void on_signal(int signal) {
  stop_requested.store(true);
  std::signal(signal, SIG_DFL);
}

std::string default_folder(const config::TrainingConfig& config) {
  return config.local_results_path + "/" + config.name + "_" + config.env + "_seed" +
         std::to_string(config.seed);
}

void print_readable(const train::RunReport& report, const std::string& folder) {
  for (const train::LearnedTable& table : report.tables) print_table(std::cout, table);
  if (report.was_finished) std::cout << "already finished; nothing was changed\n";
  std::cout << "steps        " << report.t_env << " in " << report.episode << " episodes, "
            << report.update << " updates\n";
  if (report.test_return_mean) {
    std::cout << "test return  " << *report.test_return_mean << " (mean of " << report.test_nepisode
              << " greedy episodes)\n";
  }
  if (report.test_battle_won_mean) {
    std::cout << "test wins    " << 100 * *report.test_battle_won_mean << " % of them\n";
  }
  std::cout << "fingerprint  " << report.fingerprint.hex() << '\n'
            << "run folder   " << folder << '\n';
}

void print_json(const train::RunReport& report, const std::string& folder) {
  nlohmann::ordered_json json = {{"run", folder},
                                 {"stopped", report.stopped},
                                 {"t_env", report.t_env},
                                 {"episode", report.episode},
                                 {"update", report.update}};
  if (report.test_return_mean) json["test_return_mean"] = *report.test_return_mean;
  if (report.test_battle_won_mean) json["test_battle_won_mean"] = *report.test_battle_won_mean;
  json["fingerprint"] = report.fingerprint.hex();
  for (const train::LearnedTable& table : report.tables) {
    json["q_tot"][table.situation] = table.q_tot;
  }
  std::cout << json.dump(2) << '\n';
}

ExitCode run(const Arguments& arguments) {
  train::RunRequest request;
  request.config = resolve(arguments.config);
  const std::string folder =
      arguments.out.empty() ? default_folder(request.config.config) : arguments.out;
  request.folder = folder;
  request.n_threads = arguments.n_threads;
  request.resume = arguments.resume;
  request.overcommit = arguments.overcommit;
  request.stop = &stop_requested;
  request.progress = &std::cerr;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);

  RankJob job(request.config, request.resume, [] { return stop_requested.load(); });
  std::ostream nowhere(nullptr);
  request.crew = job.crew();
  if (!job.is_first()) request.progress = &nowhere;
  train::RunReport report;
  job.run([&] { report = train::run(request); });
  if (!job.is_first()) return report.stopped ? ExitCode::kStopped : ExitCode::kDone;
  arguments.json ? print_json(report, folder) : print_readable(report, folder);
  std::cout.flush();  // before the ranks part: a launcher ends the job with the first that fails
  if (!report.stopped) return ExitCode::kDone;
  std::cerr << "qtot: stopped; the same command with --resume"
            << (arguments.out.empty() ? "" : " --out ") << arguments.out
            << " goes on to the same bits\n";
  return ExitCode::kStopped;
}

}  // namespace

void add_train(Verb& app) {
  Verb verb = app.verb("train", "Train, and write a run folder");
  verb.footer(
      "Example: qtot train --config=qmix --env-config=stag_hunt --out runs/a with seed=3 lr=0.001\n"
      "The run folder holds config.yaml, metrics.jsonl and .csv, digests.jsonl, checkpoints and\n"
      "summary.json. Neither --threads nor how often is evaluated, logged or saved changes a bit.");
  auto arguments = std::make_shared<Arguments>();
  arguments->config.add_to(verb);
  verb.option("--out", arguments->out,
              "run folder (default: <local_results_path>/<name>_<env>_seed<seed>)")
      .type_name("DIR");
  verb.option("--threads", arguments->n_threads, "worker threads (default: all cores)")
      .range(1U, kMaxThreads);
  verb.flag("--resume", arguments->resume, "go on with the run in the folder, to the same bits");
  verb.flag("--overcommit", arguments->overcommit,
            "start although the longest episodes would fill more memory than there is");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
