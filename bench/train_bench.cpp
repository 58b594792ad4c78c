#include "bench/train_bench.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "bench/clock.h"
#include "bench/timed_transport.h"
#include "math/isa.h"
#include "qtot/base/memory.h"
#include "qtot/cluster/ranks.h"
#include "qtot/env/env.h"
#include "qtot/replay/sampling.h"
#include "qtot/rollout/tbb_executor.h"
#include "qtot/train/flow_graph_player.h"
#include "qtot/train/memory_bound.h"
#include "qtot/train/trainer.h"

namespace qtot::bench {
namespace {

// What the threads that play have spent so far, in nanoseconds.
struct PlayTime {
  std::atomic<std::int64_t> environment = 0;
  std::atomic<std::int64_t> acting = 0;
};

// An environment that says how long it took, and how long its player took between two of its steps.
class TimedEnv final : public env::Env {
 public:
  TimedEnv(std::unique_ptr<env::Env> env, PlayTime& time) : env_(std::move(env)), time_(time) {}

  const core::DecPomdpSpec& spec() const override { return env_->spec(); }
  void reset(env::Chance& chance) override {
    report();
    const double start = wall_seconds();
    env_->reset(chance);
    environment_ += wall_seconds() - start;
  }
  env::StepResult step(std::span<const core::Action> joint_action, env::Chance& chance) override {
    const double start = wall_seconds();
    acting_ += start - observed_at_;
    ++n_acts_;
    const env::StepResult result = env_->step(joint_action, chance);
    environment_ += wall_seconds() - start;
    return result;
  }
  void observe(std::span<float> obs, std::span<float> state,
               std::span<std::uint8_t> avail) const override {
    const double start = wall_seconds();
    env_->observe(obs, state, avail);
    observed_at_ = wall_seconds();
    environment_ += observed_at_ - start;
  }
  bool has_ended() const override { return env_->has_ended(); }
  bool reports_wins() const override { return env_->reports_wins(); }
  env::Snapshot snapshot() const override { return env_->snapshot(); }
  void restore(const env::Snapshot& snapshot) override { env_->restore(snapshot); }
  std::string text() const override { return env_->text(); }

 private:
  // Nobody steps after the last choice of an episode: it is taken for as long as the others.
  void report() {
    const double all = n_acts_ > 0 ? acting_ * (n_acts_ + 1) / n_acts_ : 0;
    time_.acting += static_cast<std::int64_t>(all * 1e9);
    time_.environment += static_cast<std::int64_t>(environment_ * 1e9);
    environment_ = acting_ = n_acts_ = 0;
  }

  std::unique_ptr<env::Env> env_;
  PlayTime& time_;
  double acting_ = 0;
  double n_acts_ = 0;
  mutable double environment_ = 0;  // of the episode
  mutable double observed_at_ = 0;
};

// A player that says how long it was waited for.
class TimedPlayer final : public train::RoundPlayer {
 public:
  explicit TimedPlayer(train::RoundPlayer& player) : player_(player) {}

  void start(const rollout::Round& round) override { player_.start(round); }
  std::vector<rollout::EpisodeStats> wait() override {
    const double wall = wall_seconds();
    const double cpu = process_cpu_seconds();
    std::vector<rollout::EpisodeStats> stats = player_.wait();
    wall_ += wall_seconds() - wall;
    cpu_ += process_cpu_seconds() - cpu;
    return stats;
  }

  double wall() const { return wall_; }
  double cpu() const { return cpu_; }

 private:
  train::RoundPlayer& player_;
  double wall_ = 0;
  double cpu_ = 0;
};

// Where the clocks stand; differences of two are what happened between.
struct Clocks {
  double wall, cpu, wall_collecting, cpu_collecting, environment, acting;

  static Clocks now(const TimedPlayer& player, const PlayTime& play) {
    return {.wall = wall_seconds(),
            .cpu = process_cpu_seconds(),
            .wall_collecting = player.wall(),
            .cpu_collecting = player.cpu(),
            .environment = 1e-9 * static_cast<double>(play.environment),
            .acting = 1e-9 * static_cast<double>(play.acting)};
  }
  Clocks operator-(const Clocks& start) const {
    return {.wall = wall - start.wall,
            .cpu = cpu - start.cpu,
            .wall_collecting = wall_collecting - start.wall_collecting,
            .cpu_collecting = cpu_collecting - start.cpu_collecting,
            .environment = environment - start.environment,
            .acting = acting - start.acting};
  }
};

void divide_up(const Clocks& spent, TrainReport& report) {
  const double threads = report.options.n_threads;
  const double all = threads * spent.wall;
  const double learning_wall = spent.wall - spent.wall_collecting;
  const double learning_cpu = spent.cpu - spent.cpu_collecting;
  report.environment = spent.environment / all;
  report.acting = spent.acting / all;
  // with pipeline 1 episodes are played meanwhile
  const double played_meanwhile =
      report.pipeline == 0 ? 0
                           : std::max(0.0, spent.environment + spent.acting - spent.cpu_collecting);
  report.learning = (learning_cpu - played_meanwhile) / all;
  report.waiting = std::max(0.0, 1 - report.environment - report.acting - report.learning);
  report.learning_of_wall = learning_wall / spent.wall;
  report.busy_in_learning = learning_cpu / (threads * learning_wall);
  report.busy_in_collecting =
      spent.wall_collecting > 0 ? spent.cpu_collecting / (threads * spent.wall_collecting) : 0;
}

std::vector<RankWait> waits(const TimedTransport& transport, double wall, int n_rounds) {
  std::vector<RankWait> result;
  for (int c = 0; c < cluster::kNChannels; ++c) {
    const auto channel = static_cast<cluster::Channel>(c);
    const ChannelTime& time = transport.of(channel);
    if (time.n_messages == 0) continue;
    result.push_back({.channel = std::string(cluster::name_of(channel)),
                      .waiting = time.waited / wall,
                      .mb_per_round = 1e-6 * static_cast<double>(time.n_bytes) / n_rounds,
                      .messages_per_round = static_cast<double>(time.n_messages) / n_rounds});
  }
  return result;
}

// The batch of update `update`, made when episodes below `end` have been played.
std::vector<core::Ticket> batch_of(const config::TrainingConfig& config, std::int64_t update,
                                   std::size_t end) {
  const auto capacity = static_cast<std::size_t>(config.buffer_size);
  std::vector<core::Ticket> tickets(static_cast<std::size_t>(config.batch_size));
  replay::sample_batch(config.seed, static_cast<std::uint64_t>(update),
                       end - std::min(end, capacity), end, tickets);
  return tickets;
}

}  // namespace

TrainReport bench_train(config::TrainingConfig config, const TrainBenchOptions& options) {
  config.t_max =
      std::numeric_limits<decltype(config.t_max)>::max();  // no round may be the last one
  TrainReport report{.env = config.env, .options = options};
  report.isa = math::name(math::active_isa());
  report.batch_size = config.batch_size;
  report.batch_size_run = config.batch_size_run;
  report.pipeline = config.pipeline;
  const auto n_threads = static_cast<std::size_t>(options.n_threads);
  const env::EnvFamily& family = env::family(config.env);
  PlayTime play;
  train::FlowGraphPlayer flow_graph(
      n_threads, [&] { return std::make_unique<TimedEnv>(family.make(config.env_args), play); });
  TimedPlayer player(flow_graph);
  rollout::TbbExecutor executor(n_threads);
  std::optional<TimedTransport> transport;
  std::optional<cluster::Ranks> crew;
  if (options.transport != nullptr) {
    transport.emplace(*options.transport);
    crew.emplace(*transport);
    report.n_ranks = crew->n_ranks();
  }
  train::require_ring_fits(config, flow_graph.spec(), memory_limit_bytes(), false,
                           {.n_ranks = report.n_ranks, .gathers_here = false});
  train::Trainer trainer(config, flow_graph.spec(), player, executor, crew ? &*crew : nullptr);

  report.spec = flow_graph.spec();
  report.n_params = trainer.learner().state().params.size();
  const auto run_round = [&] {
    for (const rollout::EpisodeStats& stats : trainer.run_round().episodes) {
      report.lengths.push_back(stats.length);
    }
  };

  constexpr std::int64_t kWarmUp = 2;  // updates
  while (trainer.update() < kWarmUp) run_round();
  const std::int64_t first_step = trainer.t_env();
  if (transport) transport->restart();
  const Clocks start = Clocks::now(player, play);
  std::vector<double> seconds;
  for (int k = 0; k < options.n_rounds; ++k) {
    const double round_start = wall_seconds();
    run_round();
    seconds.push_back(wall_seconds() - round_start);
    report.batches.push_back(batch_of(config, trainer.update() - 1, report.lengths.size()));
  }
  const Clocks spent = Clocks::now(player, play) - start;
  report.round_seconds = spread_of(seconds);
  report.steps_per_second = static_cast<double>(trainer.t_env() - first_step) / spent.wall;
  divide_up(spent, report);
  const auto next = report.lengths.size() + static_cast<std::size_t>(config.batch_size_run);
  report.batches.push_back(batch_of(config, trainer.update(), next));
  if (transport) report.ranks = waits(*transport, spent.wall, options.n_rounds);
  if (crew) crew->settle();
  return report;
}

std::string to_text(const TrainReport& report) {
  const auto percent = [](double share) { return 100 * share; };
  std::ostringstream os;
  os.precision(4);
  os << "training, " << report.env << ", batch " << report.batch_size << ", pipeline "
     << report.pipeline << ", " << report.options.n_threads << " threads, " << report.isa << '\n'
     << "  speed       " << report.steps_per_second << " environment steps/s\n"
     << "  round       " << report.round_seconds.median * 1e3 << " ms (quartiles "
     << report.round_seconds.lower_quartile * 1e3 << " .. "
     << report.round_seconds.upper_quartile * 1e3 << ")\n"
     << "  threads     acting " << percent(report.acting) << " %, environment "
     << percent(report.environment) << " %, learning " << percent(report.learning) << " %, waiting "
     << percent(report.waiting) << " %\n"
     << "  learning    " << percent(report.learning_of_wall) << " % of the wall clock, cores busy "
     << percent(report.busy_in_learning) << " % of it; while collecting "
     << percent(report.busy_in_collecting) << " %\n";
  for (const RankWait& wait : report.ranks) {
    os << "  rank 0 of " << report.n_ranks << " waits " << percent(wait.waiting)
       << " % of the wall clock for " << wait.channel << ", of which it receives "
       << wait.mb_per_round << " MB in " << wait.messages_per_round << " messages a round\n";
  }
  return os.str();
}

}  // namespace qtot::bench
