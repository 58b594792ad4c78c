#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "cli/sweep_report.h"
#include "cli/verbs.h"
#include "qtot/base/files.h"
#include "qtot/config/training_keys.h"
#include "qtot/env/env.h"
#include "qtot/sweep/plan.h"
#include "qtot/sweep/run_folder.h"
#include "qtot/sweep/run_jobs.h"

namespace qtot::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  ConfigArguments config;
  std::string out;
  std::string seeds;
  unsigned n_jobs = 0;             // 0: as many as there are cores, or runs
  unsigned n_threads_per_run = 0;  // 0: what of the cores falls to each
  bool overcommit = false;
  bool json = false;
};

constexpr unsigned kMaxThreads = 1024;

// Resolves every choice before the first one runs: a wrong key is found now, not in the night.
std::vector<SweepRun> resolved_runs(const Arguments& arguments) {
  const std::vector<sweep::Choice> choices =
      sweep::plan({.config = arguments.config.config,
                   .env_config = arguments.config.env_config,
                   .seeds = arguments.seeds,
                   .assignments = assignments(arguments.config.words)});
  std::vector<SweepRun> runs;
  std::map<config::KeyTexts, std::string> names;
  std::set<std::string> warnings;
  for (const sweep::Choice& choice : choices) {
    const config::ReadConfig config = resolve_silently(
        {.config = choice.config, .env_config = choice.env_config, .words = choice.assignments});
    env::family(config.config.env).make(config.config.env_args);
    warnings.insert(config.warnings.begin(), config.warnings.end());
    const config::KeyTexts keys = config::training_keys(config);
    const auto [same, is_new] = names.emplace(keys, choice.name);
    if (!is_new) {
      throw Error("the runs " + same->second + " and " + choice.name +
                  " of the sweep have the same training keys: they would be one run twice");
    }
    runs.push_back({.choice = choice,
                    .training_keys = keys,
                    .folder = fs::path(arguments.out) / choice.name,
                    .was_finished = false,
                    .result = {}});
  }
  for (const std::string& warning : warnings) std::cerr << "qtot: warning: " << warning << '\n';
  return runs;
}

void look_into_folders(std::vector<SweepRun>& runs) {
  for (SweepRun& run : runs) {
    run.was_finished =
        sweep::state_of(run.folder, run.training_keys) == sweep::FolderState::kFinished;
  }
}

sweep::Command command(const SweepRun& run, unsigned n_threads, bool overcommit) {
  const sweep::Choice& choice = run.choice;
  std::vector<std::string> words = {"qtot",
                                    "train",
                                    "--out",
                                    run.folder.string(),
                                    "--resume",
                                    "--threads",
                                    std::to_string(n_threads)};
  if (overcommit) words.emplace_back("--overcommit");
  if (!choice.config.empty()) words.push_back("--config=" + choice.config);
  if (!choice.env_config.empty()) words.push_back("--env-config=" + choice.env_config);
  words.emplace_back("with");
  words.insert(words.end(), choice.assignments.begin(), choice.assignments.end());
  return {.program = "/proc/self/exe", .arguments = words, .log = run.folder / kSweepLog};
}

void say_that_it_waits(const fs::path& folder) {
  std::cerr << "qtot: waiting: another sweep works in " << folder.string() << '\n';
}

ExitCode run(const Arguments& arguments) {
  std::vector<SweepRun> runs = resolved_runs(arguments);
  look_into_folders(runs);  // what is wrong is said before anything is made
  make_directories(arguments.out);
  const sweep::FolderLock lock(arguments.out, &say_that_it_waits);
  look_into_folders(runs);  // as they are now that they are ours

  std::vector<std::size_t> to_do;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].was_finished) to_do.push_back(i);
  }
  const unsigned n_cores = std::max(1U, std::thread::hardware_concurrency());
  const auto n_to_do = static_cast<unsigned>(std::max<std::size_t>(1, to_do.size()));
  const unsigned n_jobs = arguments.n_jobs > 0 ? arguments.n_jobs : std::min(n_cores, n_to_do);
  const unsigned n_threads = arguments.n_threads_per_run > 0 ? arguments.n_threads_per_run
                                                             : std::max(1U, n_cores / n_jobs);
  std::vector<sweep::Command> commands;
  for (const std::size_t i : to_do) {
    make_directories(runs[i].folder);
    commands.push_back(command(runs[i], n_threads, arguments.overcommit));
  }

  SweepProgress progress(std::cerr, runs.size(), runs.size() - to_do.size());
  const sweep::JobReport report = sweep::run_jobs(
      commands, n_jobs,
      [&](std::size_t job, const sweep::JobResult& result, const sweep::JobCounts& counts) {
        progress.show(runs[to_do[job]], result, counts);
      });
  for (std::size_t job = 0; job < to_do.size(); ++job) {
    runs[to_do[job]].result = report.results[job];
  }
  arguments.json ? print_json(std::cout, arguments.out, runs) : print_table(std::cout, runs);
  return exit_code(std::cerr, runs, report.was_stopped);
}

}  // namespace

void add_sweep(Verb& app) {
  Verb verb = app.verb("sweep", "Train many runs: every combination of the values and seeds");
  verb.footer(
      "Example: qtot sweep --config=qmix,vdn --env-config=two_step --out sweeps/a --seeds 1-5\n"
      "           with lr=0.0005,0.001 epsilon_finish=1\n"
      "Each run is a process of its own with a folder of its own below DIR, and its output in "
      "log.txt\n"
      "there. The same command again goes on: finished runs stay, others are resumed. Report: "
      "qtot\n"
      "report DIR.");
  auto arguments = std::make_shared<Arguments>();
  verb.option("--config", arguments->config.config, "algorithms, with commas between")
      .type_name("NAMES");
  verb.option("--env-config", arguments->config.env_config, "environments, with commas between")
      .type_name("NAMES");
  verb.option("words", arguments->config.words,
              "[with] key=value,value ...: a list [6,6] is one value")
      .type_name("KEY=VALUES");
  verb.option("--out", arguments->out, "folder of the sweep").required().type_name("DIR");
  verb.option("--seeds", arguments->seeds, "1,2,3 or 1-3 (default: that of the configuration)")
      .type_name("SEEDS");
  verb.option("--jobs", arguments->n_jobs, "runs at once (default: one a core)")
      .range(1U, kMaxThreads);
  verb.option("--threads-per-run", arguments->n_threads_per_run,
              "worker threads of each (default: cores / jobs)")
      .range(1U, kMaxThreads);
  verb.flag("--overcommit", arguments->overcommit,
            "start runs although their longest episodes would fill more memory than there is");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
