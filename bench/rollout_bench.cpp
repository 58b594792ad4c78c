#include "bench/rollout_bench.h"

#include <sstream>

#include "bench/clock.h"
#include "bench/peak.h"
#include "math/isa.h"
#include "qtot/env/env.h"
#include "qtot/rollout/collect.h"
#include "qtot/train/trainer.h"

namespace qtot::bench {
namespace {

double flop_of_acting(const agents::Agent<float>& agent) {
  const auto x = static_cast<double>(agent.input_dim());
  const double h = agent.config().hidden_dim;
  const auto a = static_cast<double>(agent.n_actions());
  const double hidden_layers = agent.hidden_dim() > 0 ? 6 * h * h : h * h;
  return 2 * agent.config().spec.n_agents * (x * h + hidden_layers + h * a);
}

}  // namespace

RolloutReport bench_rollout(const config::TrainingConfig& config,
                            const RolloutBenchOptions& options) {
  RolloutReport report{.env = config.env, .options = options};
  report.isa = math::name(math::active_isa());
  const env::EnvFamily& family = env::family(config.env);
  rollout::Collector collector(static_cast<std::size_t>(options.n_threads),
                               [&] { return family.make(config.env_args); });
  const learner::Network<float> network = learner::make_network<float>(config, collector.spec());
  std::vector<float> params(network.layout.size());
  std::vector<float> transposed(network.layout.size());
  nn::initialise<float>(network.layout, config.seed, params);
  nn::transpose_params<float>(network.layout, params, transposed);

  rollout::Round round;
  round.count = static_cast<std::size_t>(options.n_episodes);
  round.policy = {.agent = network.agent.get(),
                  .weights = {.values = params.data(), .transposed = transposed.data()}};
  round.rules = rollout::training_rules(config.seed, config.epsilon_start);
  std::vector<double> steps_per_second;
  constexpr int kWarmUp = 2;
  for (int k = 0; k < kWarmUp + options.n_rounds; ++k, round.first += round.count) {
    const double start = wall_seconds();
    std::int64_t n_steps = 0;
    for (const rollout::EpisodeStats& stats : collector.collect(round)) n_steps += stats.length;
    const double seconds = wall_seconds() - start;
    if (k >= kWarmUp) steps_per_second.push_back(static_cast<double>(n_steps) / seconds);
  }
  report.steps_per_second = spread_of(steps_per_second);
  report.gflops = report.steps_per_second.median * flop_of_acting(*network.agent) * 1e-9;
  report.peak_gflops = measure_fma_peak_gflops(true, options.n_threads);
  report.share_of_peak = report.gflops / report.peak_gflops;
  return report;
}

std::string to_text(const RolloutReport& report) {
  std::ostringstream os;
  os.precision(4);
  os << "rollout, " << report.env << ", " << report.options.n_episodes << " episodes a round, "
     << report.options.n_threads << " threads, " << report.isa << '\n'
     << "  speed       " << report.steps_per_second.median << " environment steps/s (quartiles "
     << report.steps_per_second.lower_quartile << " .. " << report.steps_per_second.upper_quartile
     << ")\n"
     << "  products    " << report.gflops << " GFLOP/s\n"
     << "  peak        " << report.peak_gflops << " GFLOP/s, measured; share "
     << report.share_of_peak << '\n';
  return os.str();
}

}  // namespace qtot::bench
