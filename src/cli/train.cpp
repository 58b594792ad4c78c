#include <atomic>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/rank_job.h"
#include "cli/tables.h"
#include "cli/verbs.h"
#include "qtot/checkpoint/folder.h"
#include "qtot/config/training_keys.h"
#include "qtot/plugin/load.h"
#include "qtot/sweep/launcher.h"
#include "qtot/sweep/run_folder.h"
#include "qtot/train/run.h"

namespace qtot::cli {
namespace {

struct TrainArguments {
  ConfigArguments config;
  std::string out;
  unsigned n_threads = sweep::n_usual_threads();
  bool resume = false;
  bool overcommit = false;
  bool json = false;
};

namespace fs = std::filesystem;

std::atomic<bool> stop_requested{false};

// The first signal asks for an orderly end. A second Ctrl-C takes the system's way; a second SIGTERM does
// not, since batch systems send one to every process of a job, and qtot sweep hands its own on.
void on_signal(int signal) {
  stop_requested.store(true);
  if (signal == SIGINT) std::signal(signal, SIG_DFL);
}

// A finished run of which no checkpoint was kept (qtot sweep --keep none): there is nothing to go on from,
// and nothing left to do.
bool is_finished_and_emptied(const train::RunRequest& request) {
  return request.resume && fs::exists(request.folder / "summary.json") &&
         !checkpoint::has_checkpoints(request.folder / "checkpoints") &&
         sweep::state_of(request.folder, config::training_keys(request.config)) ==
             sweep::FolderState::kFinished;
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

ExitCode run(const TrainArguments& arguments) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGUSR1, on_signal);  // which mpirun hands on, where it answers SIGTERM by killing
  train::RunRequest request;
  try {
    request.config = resolve(arguments.config);
  } catch (const Error& error) {
    return RankJob::end_alike(error);
  }
  const std::string folder =
      arguments.out.empty() ? default_folder(request.config.config) : arguments.out;
  request.folder = folder;
  request.n_threads = arguments.n_threads;
  request.resume = arguments.resume;
  request.overcommit = arguments.overcommit;
  request.stop = &stop_requested;
  request.progress = &std::cerr;

  RankJobOptions job_options = RankJobOptions::of(request.config);
  job_options.same.emplace_back("--plugin", plugin::identity(arguments.config.plugins.files));
  job_options.same.emplace_back("--resume", request.resume ? "given" : "not given");
  job_options.wants_stop = [] { return stop_requested.load(); };
  RankJob job(job_options);
  std::ostream nowhere(nullptr);
  request.crew = job.crew();
  request.n_ranks_here = sweep::n_ranks_here();
  if (!job.is_first()) request.progress = &nowhere;
  if (job.agreed_by_first([&] { return is_finished_and_emptied(request); })) {
    if (job.is_first()) {
      std::cerr << "qtot: " << folder
                << " is finished, and its checkpoints were removed; nothing was "
                << "changed\n";
    }
    return ExitCode::kDone;
  }
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
      "summary.json. Neither --threads nor how often is evaluated, logged or saved changes a bit.\n"
      "mpirun -n R qtot train ..., or srun --mpi=pmix, trains on R ranks, to the same bits.\n"
      "SIGTERM, SIGINT or SIGUSR1: the round is finished, a checkpoint written, exit code 75.");
  auto arguments = std::make_shared<TrainArguments>();
  arguments->config.add_to(verb);
  verb.option("--out", arguments->out,
              "run folder (default: <local_results_path>/<name>_<env>_seed<seed>)")
      .type_name("DIR");
  verb.option("--threads", arguments->n_threads,
              "worker threads (default: all cores, shared among the ranks on them)")
      .range(1U, kMaxThreads);
  verb.flag("--resume", arguments->resume, "go on with the run in the folder, to the same bits");
  verb.flag("--overcommit", arguments->overcommit,
            "start although the longest episodes would fill more memory than there is");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
