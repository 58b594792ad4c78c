#include <algorithm>
#include <array>
#include <iostream>
#include <memory>

#include "cli/games_report.h"
#include "cli/verbs.h"
#include "qtot/games/study.h"
#include "qtot/metrics/progress_bar.h"
#include "qtot/rollout/tbb_executor.h"
#include "qtot/sweep/launcher.h"
#include "qtot/sweep/plan.h"

namespace qtot::cli {
namespace {

struct GamesArguments {
  std::string algorithms;  // "vdn,qmix"; "" for all
  std::string games = "A,B,C,two_step";
  std::string seeds = "1-3";
  unsigned n_updates = 0;  // 0: each algorithm's own number
  unsigned n_threads = sweep::n_usable_cores();
  std::vector<std::string> words;
  bool json = false;
};

constexpr unsigned kMaxUpdates = 100000000;
constexpr double kTolerance = 0.3;  // entries of the tables lie 1 to 20 apart

std::vector<games::Pupil> chosen_pupils(const GamesArguments& arguments) {
  if (arguments.algorithms.empty()) return games::pupils();
  std::vector<games::Pupil> chosen;
  for (const std::string& name : sweep::split_values(arguments.algorithms, "--algorithms")) {
    chosen.push_back(games::pupil(name));
  }
  return chosen;
}

// Keys of acting, replay and schedule mean nothing where every update sees all there is.
void refuse_keys_without_meaning(const GamesArguments& arguments) {
  constexpr std::array kWithoutMeaning = {
      "env",           "env_args",           "seed",        "t_max",
      "batch_size",    "batch_size_run",     "buffer_size", "pipeline",
      "epsilon_start", "epsilon_finish",     "lr_decay",    "epsilon_anneal_time",
      "use_per",       "n_updates_per_round"};
  for (const std::string& word : assignments(arguments.words)) {
    const std::string key = word.substr(0, std::min(word.find('='), word.find('.')));
    if (std::ranges::find(kWithoutMeaning, key) == kWithoutMeaning.end()) continue;
    throw Error(key +
                " (command line): has no meaning here, where every update sees all sequences " +
                "of joint actions; games, seeds and updates are options");
  }
}

config::TrainingConfig configuration(const GamesArguments& arguments, const GameResult& result,
                                     std::uint64_t seed) {
  ConfigArguments words{.config = result.pupil.config, .env_config = result.game.env, .words = {}};
  if (!result.game.payoff.empty()) words.words.push_back("env_args.map_name=" + result.game.name);
  const auto add = [&](const std::vector<std::string>& more) {
    words.words.insert(words.words.end(), more.begin(), more.end());
  };
  add(games::common_settings());
  add(result.pupil.settings);
  add(assignments(arguments.words));
  words.words.push_back("seed=" + std::to_string(seed));
  return resolve_silently(words).config;
}

games::Alternatives expected(const GameResult& result, double alpha) {
  if (result.game.payoff.empty()) return games::answers_of_two_step(result.pupil.answers);
  return games::answers_of_payoff(result.pupil.answers, result.game.payoff, alpha);
}

// What is to be done, all of it resolved before the first update.
struct Task {
  config::TrainingConfig config;
  GameResult* result = nullptr;
  std::size_t place = 0;
};

std::vector<GameResult> plan(const GamesArguments& arguments) {
  const std::vector<std::uint64_t> seeds = sweep::parse_seeds(arguments.seeds);
  std::vector<GameResult> results;
  for (const std::string& name : sweep::split_values(arguments.games, "--games")) {
    const games::Game game = games::game(name);
    for (const games::Pupil& pupil : chosen_pupils(arguments)) {
      results.push_back({.game = game,
                         .pupil = pupil,
                         .answers = {},
                         .seeds = seeds,
                         .lessons = std::vector<games::Lesson>(seeds.size())});
      if (arguments.n_updates > 0) {
        results.back().pupil.n_updates = static_cast<int>(arguments.n_updates);
      }
    }
  }
  return results;
}

std::vector<Task> tasks_of(const GamesArguments& arguments, std::vector<GameResult>& results) {
  std::vector<Task> tasks;
  for (GameResult& result : results) {
    for (std::size_t i = 0; i < result.seeds.size(); ++i) {
      tasks.push_back({.config = configuration(arguments, result, result.seeds[i]),
                       .result = &result,
                       .place = i});
    }
    result.answers = expected(result, tasks.back().config.w);
  }
  return tasks;
}

// Each lesson on a thread of its own, some at a time; which shows in no bit.
void teach_all(const std::vector<Task>& tasks, unsigned n_threads) {
  metrics::ProgressBar bar(std::cerr, metrics::ProgressStyle::of_stderr());
  const auto progress = [&](std::size_t n_done) {
    return metrics::Progress{.t_env = static_cast<std::int64_t>(n_done),
                             .t_max = static_cast<std::int64_t>(tasks.size()),
                             .unit = "lessons"};
  };
  const std::size_t n_at_once = std::size_t{4} * n_threads;
  rollout::TbbExecutor executor(n_threads);
  for (std::size_t first = 0; first < tasks.size(); first += n_at_once) {
    bar.show(progress(first));
    const std::size_t n = std::min(n_at_once, tasks.size() - first);
    executor.for_each(n, [&](std::size_t index, std::size_t) {
      const Task& task = tasks[first + index];
      task.result->lessons[task.place] = games::teach(task.config, task.result->pupil.n_updates);
    });
  }
  bar.finish(progress(tasks.size()));
}

ExitCode run(const GamesArguments& arguments) {
  refuse_keys_without_meaning(arguments);
  std::vector<GameResult> results = plan(arguments);
  teach_all(tasks_of(arguments, results), arguments.n_threads);
  arguments.json ? print_json(std::cout, results, kTolerance)
                 : print_table(std::cout, results, kTolerance);
  const bool all_agree = std::ranges::all_of(
      results, [&](const GameResult& result) { return result.agrees(kTolerance); });
  return all_agree ? ExitCode::kDone : ExitCode::kFailed;
}

std::string names_of_pupils() {
  std::string names;
  for (const games::Pupil& pupil : games::pupils())
    names += (names.empty() ? "" : ",") + pupil.name;
  return names;
}

std::string common_settings_text() {
  std::string text;
  for (const std::string& setting : games::common_settings()) text += " " + setting;
  return text;
}

}  // namespace

void add_games(Verb& app) {
  Verb verb =
      app.verb("games", "What every algorithm makes of matrix games, beside what it should");
  verb.footer(
      "Example: qtot games --algorithms vdn,qmix,cw_qmix --games A --seeds 1-5\n"
      "Every update sees all sequences of joint actions at once, so that the tables depend on no\n"
      "exploration. Each algorithm has the keys of its file in configs/algs, and then\n"
      " " +
      common_settings_text() +
      "\n"
      "with lr falling to a thirtieth. Exit code 1: something is farther from what is expected "
      "than\n"
      "expected. docs/games.md says where the expected tables come from.");
  auto arguments = std::make_shared<GamesArguments>();
  verb.option("--algorithms", arguments->algorithms, "of " + names_of_pupils() + " (default: all)")
      .type_name("NAMES");
  verb.option("--games", arguments->games,
              "one-step maps of matrix_game, and two_step (default: A,B,C,two_step)")
      .type_name("NAMES");
  verb.option("--seeds", arguments->seeds, "1,2,3 or 1-3 (default: 1-3)").type_name("SEEDS");
  verb.option("--updates", arguments->n_updates, "in place of each algorithm's own number")
      .range(4U, kMaxUpdates);
  verb.option("--threads", arguments->n_threads, "lessons at once (default: all cores)")
      .range(1U, kMaxThreads);
  verb.option("words", arguments->words, "[with] key=value ...: further keys of every algorithm")
      .type_name("KEY=VALUE");
  verb.json_flag(arguments->json);
  verb.action([arguments] { return run(*arguments); });
}

}  // namespace qtot::cli
