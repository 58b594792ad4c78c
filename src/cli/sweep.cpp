#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include "cli/sweep_ranks.h"
#include "cli/sweep_report.h"
#include "cli/verbs.h"
#include "qtot/base/files.h"
#include "qtot/checkpoint/folder.h"
#include "qtot/config/training_keys.h"
#include "qtot/env/env.h"
#include "qtot/sweep/array_script.h"
#include "qtot/sweep/launcher.h"
#include "qtot/sweep/plan.h"
#include "qtot/sweep/run_folder.h"
#include "qtot/sweep/run_jobs.h"

namespace qtot::cli {
namespace {

namespace fs = std::filesystem;

struct SweepArguments {
  ConfigArguments config;
  std::string out;
  std::string seeds;
  std::string part;                // "2/8", or "" for all
  std::string keep = "all";        // what stays of the checkpoints of a finished run
  unsigned n_jobs = 0;             // 0: as many as there are cores, or runs
  unsigned n_threads_per_run = 0;  // 0: what of the cores falls to each
  bool overcommit = false;
  bool sbatch = false;
  bool json = false;
};

// Resolves every choice before the first one runs: a wrong key is found now, not in the night.
std::vector<SweepRun> resolved_runs(const SweepArguments& arguments) {
  arguments.config.plugins.load();
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

// The runs of part I of N: every Nth from the Ith on, so that long and short ones mix.
std::vector<SweepRun> runs_of_part(const std::vector<SweepRun>& runs, const std::string& text) {
  if (text.empty()) return runs;
  const sweep::Part part = sweep::parse_part(text);
  std::vector<SweepRun> chosen;
  for (std::size_t i = part.number - 1; i < runs.size(); i += part.n_parts) {
    chosen.push_back(runs[i]);
  }
  return chosen;
}

// Of child processes and jobs, which need not start in the same folder.
std::vector<std::string> plugin_words(const SweepArguments& arguments) {
  std::vector<std::string> words;
  for (const std::string& file : arguments.config.plugins.files) {
    words.push_back("--plugin=" + fs::absolute(file).string());
  }
  return words;
}

sweep::Command command(const SweepRun& run, unsigned n_threads, const SweepArguments& arguments) {
  const sweep::Choice& choice = run.choice;
  std::vector<std::string> words = {"qtot",
                                    "train",
                                    "--out",
                                    run.folder.string(),
                                    "--resume",
                                    "--threads",
                                    std::to_string(n_threads)};
  if (arguments.overcommit) words.emplace_back("--overcommit");
  for (const std::string& word : plugin_words(arguments)) words.push_back(word);
  if (!choice.config.empty()) words.push_back("--config=" + choice.config);
  if (!choice.env_config.empty()) words.push_back("--env-config=" + choice.env_config);
  words.emplace_back("with");
  words.insert(words.end(), choice.assignments.begin(), choice.assignments.end());
  return {.program = "/proc/self/exe",
          .arguments = words,
          .log = run.folder / kSweepLog,
          .lock = sweep::lock_file(run.folder)};
}

void say_that_it_waits(const fs::path& folder) {
  std::cerr << "qtot: waiting: another sweep works in " << folder.string() << '\n';
}

// Of a finished run. Its lock keeps away from whoever is just finding out that it is finished.
void remove_checkpoints(const SweepRun& run, const std::string& keep) {
  if (keep == "all") return;
  const fs::path checkpoints = run.folder / "checkpoints";
  const sweep::FolderLock lock(run.folder, sweep::FolderLock::Kind::kExclusive, &say_that_it_waits);
  checkpoint::keep_only_newest(checkpoints, keep == "final" ? 1 : 0);
}

ExitCode print_script(const SweepArguments& arguments) {
  if (!arguments.part.empty()) throw Error("--sbatch prints a script for all parts: drop --part");
  const std::vector<SweepRun> runs = resolved_runs(arguments);
  const unsigned n_threads = std::max(1U, arguments.n_threads_per_run);
  std::vector<std::string> words = {"--out=" + arguments.out, "--jobs=1",
                                    "--threads-per-run=" + std::to_string(n_threads)};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) words.push_back(name + value);
  };
  add("--config=", arguments.config.config);
  add("--env-config=", arguments.config.env_config);
  add("--seeds=", arguments.seeds);
  add("--keep=", arguments.keep);
  for (const std::string& word : plugin_words(arguments)) words.push_back(word);
  if (arguments.overcommit) words.emplace_back("--overcommit");
  if (arguments.json) words.emplace_back("--json");
  std::cout << sweep::array_script({.job_name = fs::path(arguments.out).filename().string(),
                                    .folder = fs::current_path(),
                                    .program = fs::read_symlink("/proc/self/exe"),
                                    .arguments = words,
                                    .assignments = assignments(arguments.config.words),
                                    .n_parts = std::min(runs.size(), sweep::kMaxParts),
                                    .n_at_once = arguments.n_jobs,
                                    .n_threads = n_threads});
  return ExitCode::kDone;
}

// How many runs at once, and with how many threads: here, or on each rank.
struct Share {
  unsigned n_jobs = 1, n_threads = 1;
};

Share share_of(const SweepArguments& arguments, const SweepRanks* ranks, std::size_t n_to_do) {
  const unsigned n_cores = ranks != nullptr ? ranks->n_cores_each() : sweep::n_usable_cores();
  const auto n_most = static_cast<unsigned>(std::max<std::size_t>(1, n_to_do));
  const unsigned n_usual = ranks != nullptr ? 1 : std::min(n_cores, n_most);
  const unsigned n_jobs = arguments.n_jobs > 0 ? arguments.n_jobs : n_usual;
  const unsigned n_threads = arguments.n_threads_per_run > 0 ? arguments.n_threads_per_run
                                                             : std::max(1U, n_cores / n_jobs);
  return {.n_jobs = n_jobs, .n_threads = n_threads};
}

// Trains what is not finished. Returns whether it was told to stop.
bool work_off(const SweepArguments& arguments, SweepRanks* ranks, std::vector<SweepRun>& runs) {
  std::vector<std::size_t> to_do;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].was_finished ? remove_checkpoints(runs[i], arguments.keep) : to_do.push_back(i);
  }
  const Share share = share_of(arguments, ranks, to_do.size());
  std::vector<sweep::Command> commands;
  for (const std::size_t i : to_do) {
    make_directories(runs[i].folder);
    commands.push_back(command(runs[i], share.n_threads, arguments));
  }
  SweepProgress progress(std::cerr, runs.size(), runs.size() - to_do.size());
  const sweep::JobWatcher watcher = [&](std::size_t job, const sweep::JobResult& result,
                                        const sweep::JobCounts& counts) {
    const SweepRun& run = runs[to_do[job]];
    if (result.outcome == sweep::Outcome::kFinished) remove_checkpoints(run, arguments.keep);
    progress.show(run, result, counts);
  };
  const sweep::JobReport report = ranks != nullptr
                                      ? sweep::run_jobs(commands, ranks->workers(), watcher)
                                      : sweep::run_jobs(commands, share.n_jobs, watcher);
  for (std::size_t job = 0; job < to_do.size(); ++job) {
    runs[to_do[job]].result = report.results[job];
  }
  return report.was_stopped;
}

ExitCode run(const SweepArguments& arguments) {
  if (arguments.sbatch) return print_script(arguments);
  const std::unique_ptr<SweepRanks> ranks = SweepRanks::join(std::max(1U, arguments.n_jobs));
  if (ranks && !ranks->is_rank_0()) {
    ranks->work();
    return ExitCode::kDone;
  }
  std::vector<SweepRun> runs = runs_of_part(resolved_runs(arguments), arguments.part);
  look_into_folders(runs);  // what is wrong is said before anything is made
  make_directories(arguments.out);
  using Kind = sweep::FolderLock::Kind;
  const sweep::FolderLock lock(
      arguments.out, arguments.part.empty() ? Kind::kExclusive : Kind::kShared, &say_that_it_waits);
  look_into_folders(runs);  // as they are now that they are ours
  const bool was_stopped = work_off(arguments, ranks.get(), runs);
  arguments.json ? print_json(std::cout, arguments.out, runs) : print_table(std::cout, runs);
  std::cout.flush();  // before the ranks part: a launcher ends the job with the first of them
  return exit_code(std::cerr, runs, was_stopped);
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
      "report DIR. On a cluster: mpirun -n R (or srun) qtot sweep ... works the runs off on R "
      "ranks;\n"
      "qtot sweep ... --sbatch prints the script of a job array.");
  auto arguments = std::make_shared<SweepArguments>();
  verb.option("--config", arguments->config.config, "algorithms, with commas between")
      .type_name("NAMES");
  verb.option("--env-config", arguments->config.env_config, "environments, with commas between")
      .type_name("NAMES");
  verb.option("words", arguments->config.words,
              "[with] key=value,value ...: a list [6,6] is one value")
      .type_name("KEY=VALUES");
  arguments->config.plugins.add_to(verb);
  verb.option("--out", arguments->out, "folder of the sweep").required().type_name("DIR");
  verb.option("--seeds", arguments->seeds, "1,2,3 or 1-3 (default: that of the configuration)")
      .type_name("SEEDS");
  verb.option("--jobs", arguments->n_jobs, "runs at once (default: one a core; on MPI, one a rank)")
      .range(1U, kMaxThreads);
  verb.option("--threads-per-run", arguments->n_threads_per_run,
              "worker threads of each (default: cores / jobs)")
      .range(1U, kMaxThreads);
  verb.option("--keep", arguments->keep,
              "checkpoints of a finished run that stay: all (default), final: the last one, none")
      .one_of({"all", "final", "none"});
  verb.option("--part", arguments->part,
              "do the Ith of N parts of the runs; I is 1 ... N. Several may work at once")
      .type_name("I/N");
  verb.flag("--sbatch", arguments->sbatch,
            "train nothing; print a script for sbatch, a job for each run, --jobs of them at once");
  verb.flag("--overcommit", arguments->overcommit,
            "start runs although their longest episodes would fill more memory than there is");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
