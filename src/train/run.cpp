#include "qtot/train/run.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/base/memory.h"
#include "qtot/checkpoint/checkpoint.h"
#include "qtot/checkpoint/folder.h"
#include "qtot/config/training_keys.h"
#include "qtot/env/env.h"
#include "qtot/metrics/progress_bar.h"
#include "qtot/metrics/run_log.h"
#include "qtot/metrics/summary.h"
#include "qtot/rollout/collect.h"
#include "qtot/rollout/tbb_executor.h"
#include "qtot/train/episode_means.h"
#include "qtot/train/evaluate.h"
#include "qtot/train/flow_graph_player.h"
#include "qtot/train/memory_bound.h"
#include "qtot/train/trainer.h"
#include "qtot/yaml/yaml.h"
#include "train/share_state.h"

namespace qtot::train {
namespace {

namespace fs = std::filesystem;

// When something was last done, in environment steps, as PyMARL keeps it: `never` makes the first
// occasion due.
struct Due {
  std::int64_t last = 0;

  static Due at_once(std::int64_t interval) { return {.last = -interval - 1}; }
  bool is_due(std::int64_t t_env, std::int64_t interval) const { return t_env - last >= interval; }
};

void require_same_training(const config::KeyTexts& saved, const config::KeyTexts& now,
                           const fs::path& path) {
  const auto difference = config::first_difference(saved, now);
  if (!difference) return;
  const std::string& key = difference->key;
  throw Error("checkpoint " + path.string() + ": the run was begun with " + key + " = " +
              difference->in_a + ", found " + key + " = " + difference->in_b +
              "; a resumed run must keep every training key");
}

// Updates after which ranks compare their bits at the latest.
constexpr std::int64_t kComparisonInterval = 100;

/// One run: the trainer, and what happens around it at intervals.
class Run {
 public:
  explicit Run(const RunRequest& request)
      : request_(request),
        config_(request.config.config),
        family_(env::family(config_.env)),
        player_(request.n_threads, [this] { return family_.make(config_.env_args); }),
        executor_(request.n_threads),
        crew_(request.crew),
        trainer_(config_, player_.spec(), player_, executor_, crew_),
        bar_(*request.progress, metrics::ProgressStyle::of_stderr()),
        test_(Due::at_once(config_.test_interval)) {}

  RunReport go() {
    if (resume()) {
      RunReport result = report(false);
      result.was_finished = true;
      return result;
    }
    if (writes()) {
      log_.emplace(request_.folder,
                   metrics::RunLogOptions{.use_tensorboard = config_.use_tensorboard}, positions_);
    }
    while (!trainer_.finished() && !stop_requested()) {
      round_began_at_ = trainer_.update();
      const Trainer::RoundResult round = trainer_.run_round();
      account(round);
      at_intervals();
      bar_.show(progress());
    }
    bar_.finish(progress());
    const bool stopped = !trainer_.finished();
    if (!stopped && !test_return_) evaluate();
    save(checkpoint::Keep::kLastTwo);
    RunReport result = report(stopped);
    if (!stopped && writes()) write_summary(result);
    if (crew_ != nullptr) crew_->settle();
    return result;
  }

 private:
  bool writes() const { return crew_ == nullptr || crew_->is_first(); }
  bool stop_requested() const {
    if (crew_ != nullptr) return crew_->stop_agreed();
    return request_.stop != nullptr && request_.stop->load();
  }
  fs::path checkpoints() const { return request_.folder / "checkpoints"; }

  // Returns true when there is nothing left to do.
  bool resume() {
    std::optional<checkpoint::Newest> newest;
    if (writes()) newest = look_into_folder();
    std::string path = newest ? newest->path.string() : "";
    if (crew_ != nullptr) path = crew_->tell(path);
    std::optional<checkpoint::State> state;
    if (newest) state = std::move(newest->state);
    if (crew_ != nullptr) state = share_state(*crew_, std::move(state));
    if (!state || state->t_env <= config_.t_max) require_memory();
    if (state) {
      restore_intervals(*state);
      trainer_.restore(std::move(*state), path);
      const bool has_summary = writes() && fs::exists(request_.folder / "summary.json");
      if (trainer_.finished() && agreed_by_first(has_summary)) return true;
      if (writes()) checkpoint::remove_beyond(checkpoints(), trainer_.t_env());
    }
    if (!writes()) return false;
    make_directories(request_.folder);
    write_file_atomically(request_.folder / "config.yaml", yaml::dump(request_.config.map));
    return false;
  }

  // The checkpoint to go on from, if any.
  std::optional<checkpoint::Newest> look_into_folder() {
    if (!request_.resume) {
      if (!fs::exists(request_.folder)) return std::nullopt;
      throw Error("run folder " + request_.folder.string() +
                  " exists: expected a new one, or --resume to go on with that run");
    }
    std::optional<checkpoint::Newest> newest = checkpoint::load_newest(checkpoints());
    if (!newest) return std::nullopt;
    for (const std::string& warning : newest->warnings) bar_.message("warning: " + warning);
    const config::KeyTexts saved =
        config::with_new_keys(std::move(newest->state.training_keys), request_.config);
    require_same_training(without_free_arguments(saved),
                          without_free_arguments(config::training_keys(request_.config)),
                          newest->path);
    return newest;
  }

  // Arguments of the environment that touch no bit, like the time that another process has to answer.
  config::KeyTexts without_free_arguments(config::KeyTexts keys) const {
    for (const config::OptionInfo& option : family_.options()) {
      if (option.training) continue;
      std::erase_if(keys, [&](const auto& key) { return key.first == option.key; });
    }
    return keys;
  }

  bool agreed_by_first(bool of_first) const {
    return crew_ == nullptr ? of_first : crew_->tell(of_first ? "yes" : "no") == "yes";
  }

  void require_memory() const {
    if (request_.overcommit) return;
    const RingHolders holders = {.n_ranks = crew_ == nullptr ? 1 : crew_->n_ranks(),
                                 .n_here = request_.n_ranks_here,
                                 .gathers_here = writes()};
    require_ring_fits(config_, player_.spec(), memory_limit_bytes(), request_.resume, holders);
  }

  void account(const Trainer::RoundResult& round) {
    epsilon_ = round.epsilon;
    train_.add(round.episodes);
    if (!round.update) return;
    loss_ = round.update->loss;
    if (!learner_log_.is_due(trainer_.t_env(), config_.learner_log_interval)) return;
    metrics::Record record = new_record();
    record.add("loss_td", round.update->loss_td);
    if (config_.objective == "weighted_td") {
      record.add("loss_central", round.update->loss_central);
    } else if (config_.objective != "td") {
      record.add("loss_opt", round.update->loss_opt);
      record.add("loss_nopt", round.update->loss_nopt);
    }
    if (config_.mixer == "qplex_qatten") {
      record.add("loss_regulariser", round.update->loss_regulariser);
    }
    record.add("grad_norm", round.update->grad_norm);
    record.add("td_error_abs", round.update->td_error_abs);
    record.add("q_taken_mean", round.update->q_taken_mean);
    record.add("target_mean", round.update->target_mean);
    write(record);
    learner_log_.last = trainer_.t_env();
  }

  void at_intervals() {
    const std::int64_t t_env = trainer_.t_env();
    if (runner_log_.is_due(t_env, config_.runner_log_interval)) log_training();
    if (test_.is_due(t_env, config_.test_interval)) evaluate();
    if (digest_is_due()) {
      write_digest();
    } else if (crew_ != nullptr && trainer_.update() >= last_comparison_ + kComparisonInterval) {
      digest();
    }
    if (print_.is_due(t_env, config_.log_interval)) {
      bar_.message(bar_.text(progress()));
      print_.last = t_env;
    }
    if (config_.save_model && save_.is_due(t_env, config_.save_model_interval)) {
      save_.last = t_env;
      save(checkpoint::Keep::kAlways);
    }
  }

  void write(const metrics::Record& record) {
    if (log_) log_->write(record);
  }

  void log_training() {
    return_ = train_.return_mean();
    metrics::Record record = new_record();
    train_.write(record, "", player_.reports_wins());
    record.add("epsilon", epsilon_);
    write(record);
    train_ = {};
    runner_log_.last = trainer_.t_env();
  }

  // Tickets begin with the number of the next training episode, on streams of evaluation: other start
  // states each time, and no bit of training.
  void evaluate() {
    if (!evaluator_) {
      evaluator_.emplace(request_.n_threads, [this] { return family_.make(config_.env_args); });
    }
    EpisodeMeans test;
    test.add(train::evaluate(*evaluator_, trainer_.policy(), config_.seed,
                             static_cast<core::Ticket>(trainer_.episode()), config_.test_nepisode,
                             crew_));
    test_return_ = test.return_mean();
    if (player_.reports_wins()) test_won_ = test.battle_won_mean();
    metrics::Record record = new_record();
    test.write(record, "test_", player_.reports_wins());
    write(record);
    test_.last = trainer_.t_env();
  }

  // at the end of a round whose updates reached a multiple of the interval
  bool digest_is_due() const {
    const std::int64_t n = config_.digest_interval;
    return n > 0 && trainer_.update() > last_digest_ && trainer_.update() / n > round_began_at_ / n;
  }

  // With a crew it is compared, too.
  checkpoint::Digest digest() {
    checkpoint::Digest digest = trainer_.digest();
    if (crew_ != nullptr) crew_->require_same(digest, trainer_.update());
    last_comparison_ = trainer_.update();
    return digest;
  }

  void write_digest() {
    const checkpoint::Digest now = digest();
    last_digest_ = trainer_.update();
    if (!log_) return;
    log_->write(metrics::DigestRecord{.update = trainer_.update(),
                                      .t_env = trainer_.t_env(),
                                      .fingerprint = now.fingerprint,
                                      .parts = now.parts});
  }

  void save(checkpoint::Keep keep) {
    if (crew_ != nullptr) digest();  // what a rank computed wrongly must not be gone on from
    checkpoint::State state = trainer_.capture();
    if (!writes()) return;
    state.config = yaml::dump(request_.config.map);
    state.training_keys = config::training_keys(request_.config);
    state.counters = {{"last_test", test_.last},
                      {"last_runner_log", runner_log_.last},
                      {"last_learner_log", learner_log_.last},
                      {"last_print", print_.last},
                      {"last_save", save_.last},
                      {"last_digest", last_digest_}};
    state.accumulators = {{"train", train_.numbers()}};
    if (test_return_) state.accumulators["test_return_mean"] = {*test_return_};
    if (test_won_) state.accumulators["test_battle_won_mean"] = {*test_won_};
    state.sink_positions = log_->sync();
    checkpoint::save_in(checkpoints(), state, keep);
  }

  void restore_intervals(const checkpoint::State& state) {
    const auto counter = [&](const char* name, std::int64_t otherwise) {
      const auto found = state.counters.find(name);
      return found == state.counters.end() ? otherwise : found->second;
    };
    test_.last = counter("last_test", test_.last);
    runner_log_.last = counter("last_runner_log", 0);
    learner_log_.last = counter("last_learner_log", 0);
    print_.last = counter("last_print", 0);
    save_.last = counter("last_save", 0);
    last_digest_ = counter("last_digest", 0);
    const auto accumulator = [&](const char* name) {
      const auto found = state.accumulators.find(name);
      return found == state.accumulators.end() ? std::vector<double>{} : found->second;
    };
    const auto figure = [&](const char* name) {
      const std::vector<double> numbers = accumulator(name);
      return numbers.size() == 1 ? std::optional(numbers[0]) : std::nullopt;
    };
    train_ = EpisodeMeans::from(accumulator("train"));
    test_return_ = figure("test_return_mean");
    test_won_ = figure("test_battle_won_mean");
    positions_ = state.sink_positions;
  }

  metrics::Record new_record() const {
    return {.t_env = trainer_.t_env(), .episode = trainer_.episode(), .update = trainer_.update()};
  }

  metrics::Progress progress() const {
    return {.t_env = trainer_.t_env(),
            .t_max = config_.t_max,
            .return_mean = return_,
            .test_return_mean = test_return_,
            .test_battle_won_mean = test_won_,
            .loss = loss_};
  }

  RunReport report(bool stopped) {
    RunReport result{.stopped = stopped,
                     .was_finished = false,
                     .t_env = trainer_.t_env(),
                     .episode = trainer_.episode(),
                     .update = trainer_.update(),
                     .test_return_mean = test_return_,
                     .test_battle_won_mean = test_won_,
                     .test_nepisode = config_.test_nepisode,
                     .fingerprint = digest().fingerprint,
                     .tables = {}};
    if (has_learned_tables(config_.env)) {
      result.tables = learned_tables(trainer_.learner(), *family_.make(config_.env_args));
    }
    return result;
  }

  void write_summary(const RunReport& result) const {
    metrics::Summary summary;
    summary.add("env", config_.env);
    summary.add("mixer", config_.mixer);
    summary.add("seed", config_.seed);
    summary.add("t_env", result.t_env);
    summary.add("episode", result.episode);
    summary.add("update", result.update);
    if (result.test_return_mean) summary.add("test_return_mean", *result.test_return_mean);
    if (result.test_battle_won_mean) {
      summary.add("test_battle_won_mean", *result.test_battle_won_mean);
    }
    summary.add("fingerprint", result.fingerprint.hex());
    if (!result.tables.empty()) {
      std::vector<std::pair<std::string, metrics::Summary::Table>> tables;
      for (const LearnedTable& table : result.tables) {
        tables.emplace_back(table.situation, table.q_tot);
      }
      summary.add_tables("q_tot", tables);
    }
    summary.save(request_.folder / "summary.json");
  }

  const RunRequest& request_;
  const config::TrainingConfig& config_;
  const env::EnvFamily& family_;
  FlowGraphPlayer player_;
  rollout::TbbExecutor executor_;
  Crew* crew_;
  Trainer trainer_;
  std::optional<rollout::Collector> evaluator_;
  std::optional<metrics::RunLog> log_;
  metrics::ProgressBar bar_;
  metrics::SinkPositions positions_;

  Due test_, runner_log_, learner_log_, print_, save_;
  std::int64_t last_digest_ = 0;      // update
  std::int64_t round_began_at_ = 0;   // update
  std::int64_t last_comparison_ = 0;  // update, of the ranks' bits
  EpisodeMeans train_;
  double epsilon_ = 0;
  std::optional<double> return_, test_return_, test_won_, loss_;
};

}  // namespace

RunReport run(const RunRequest& request) {
  return Run(request).go();
}

}  // namespace qtot::train
