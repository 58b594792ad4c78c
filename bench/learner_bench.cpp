#include "bench/learner_bench.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <sstream>
#include <utility>

#include "bench/clock.h"
#include "bench/mixer_operations.h"
#include "bench/peak.h"
#include "bench/projection.h"
#include "bench/synthetic.h"
#include "math/isa.h"
#include "qtot/base/error.h"
#include "qtot/base/memory.h"
#include "qtot/cluster/gradient_sum.h"
#include "qtot/cluster/shares.h"
#include "qtot/learner/learner.h"
#include "qtot/rollout/tbb_executor.h"

namespace qtot::bench {
namespace {

constexpr int kWarmUp = 2;

learner::Network<float> network_of(const LearnerBenchOptions& options,
                                   const core::DecPomdpSpec& spec) {
  agents::AgentConfig agent;
  agent.spec = spec;
  agent.hidden_dim = options.hidden_dim;
  return learner::make_network<float>(agent, mixer_of_bench(agent.spec, options.mixer));
}

// Wall clock.
double time_update(learner::Learner<float>& learner, core::Batch batch) {
  const double start = wall_seconds();
  learner.update(batch, 0);
  return wall_seconds() - start;
}

Spread time_updates(const LearnerBenchOptions& options, const core::DecPomdpSpec& spec,
                    core::Batch batch, Executor& executor,
                    FunctionRef<void(double seconds)> timed) {
  learner::Learner<float> learner(network_of(options, spec), {}, 1, executor);
  std::optional<cluster::GradientSum> peers;
  if (options.transport != nullptr) {
    peers.emplace(*options.transport);
    std::vector<std::int64_t> costs;
    for (const core::Episode* episode : batch) costs.push_back(episode->length());
    peers->set_shares(cluster::cut_batch(costs, options.transport->n_ranks()));
    learner.share_with(*peers);
  }
  std::vector<double> seconds;
  for (int k = 0; k < kWarmUp + options.n_updates; ++k) {
    const double taken = time_update(learner, batch);
    if (k < kWarmUp) continue;
    seconds.push_back(taken);
    timed(taken);
  }
  return spread_of(seconds);
}

// One number of threads of the projection.
struct Projected {
  Projected(int n, learner::Network<float> network)
      : executor(static_cast<std::size_t>(n)), learner(std::move(network), {}, 1, executor) {}

  ProjectingExecutor executor;
  learner::Learner<float> learner;
  std::vector<double> seconds;
  std::vector<double> speedups;
};

// In turn, update by update: what disturbs the machine for a while disturbs both sides of a ratio.
std::vector<Projection> project(const LearnerBenchOptions& options, const core::DecPomdpSpec& spec,
                                core::Batch batch) {
  std::deque<Projected> all;
  for (int n = 1; n <= options.projected_threads; n *= 2) {
    all.emplace_back(n, network_of(options, spec));
  }
  for (int k = 0; k < kWarmUp + options.n_updates; ++k) {
    double first = 0;
    for (Projected& p : all) {
      const double taken = time_update(p.learner, batch) - p.executor.take_saved();
      if (&p == &all.front()) first = taken;
      if (k < kWarmUp) continue;
      p.seconds.push_back(taken);
      p.speedups.push_back(first / taken);
    }
  }
  std::vector<Projection> projections;
  for (const Projected& p : all) {
    projections.push_back({.n_threads = static_cast<int>(p.executor.n_workers()),
                           .seconds = spread_of(p.seconds).median,
                           .speedup = spread_of(p.speedups).median});
  }
  return projections;
}

}  // namespace

double flop_of_update(const core::DecPomdpSpec& spec, const std::vector<int>& lengths,
                      const std::string& mixer, int hidden_dim) {
  const double n = spec.n_agents, a = spec.n_actions;
  const double x = spec.obs_dim + spec.n_actions + spec.n_agents;
  const double h = hidden_dim;
  const double agent_row = 2 * (x * h + 6 * h * h + h * a);
  const double agent_gradient = 2 * (x * h + 12 * h * h + h);
  const MixerOperations of_mixer = mixer_operations(spec, mixer_of_bench(spec, mixer));
  double sum = 0;
  for (const int length : lengths) {
    sum += 2 * n * (length + 1) * agent_row + n * length * agent_gradient;
    sum += length * (2 * of_mixer.forward + of_mixer.backward);
  }
  return sum;
}

LearnerReport bench_learner(const LearnerBenchOptions& options) {
  LearnerReport report{.spec = parse_shape(options.shape), .options = options};
  mixer_operations(report.spec, mixer_of_bench(report.spec, options.mixer));  // refuses early
  report.isa = math::name(math::active_isa());
  if (options.transport != nullptr) report.n_ranks = options.transport->n_ranks();
  Random random;
  const std::vector<int> lengths =
      draw_lengths(options.lengths, report.spec.episode_limit, options.batch_size, random);
  std::vector<core::Episode> episodes(lengths.size());
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    make_up(report.spec, lengths[b], random, episodes[b]);
  }
  std::vector<const core::Episode*> batch;
  for (const core::Episode& episode : episodes) batch.push_back(&episode);

  rollout::TbbExecutor executor(static_cast<std::size_t>(options.n_threads));
  report.gflop = flop_of_update(report.spec, lengths, options.mixer, options.hidden_dim) * 1e-9;
  const PeakMeter peak(true, options.n_threads);
  std::vector<double> peaks;
  std::vector<double> shares;
  const std::size_t before = resident_bytes();
  std::size_t most = before;
  report.seconds = time_updates(options, report.spec, batch, executor, [&](double seconds) {
    peaks.push_back(peak.trial() * report.n_ranks);
    shares.push_back(report.gflop / seconds / peaks.back());
    most = std::max(most, resident_bytes());
  });
  report.learner_mb = static_cast<double>(most - before) * 1e-6;
  report.gflops = report.gflop / report.seconds.median;
  report.peak_gflops = spread_of(peaks).median;
  report.share_of_peak = spread_of(shares).median;
  report.projections = project(options, report.spec, batch);
  return report;
}

std::string to_text(const LearnerReport& report) {
  std::ostringstream os;
  os << "learner update, " << report.options.shape << ", batch " << report.options.batch_size
     << ", " << report.options.lengths << " lengths, " << report.options.mixer << ", "
     << report.options.n_threads << " threads";
  if (report.n_ranks > 1) os << " on each of " << report.n_ranks << " ranks";
  os << ", " << report.isa << '\n';
  os.precision(4);
  os << "  time        " << report.seconds.median * 1e3 << " ms (quartiles "
     << report.seconds.lower_quartile * 1e3 << " .. " << report.seconds.upper_quartile * 1e3
     << ")\n"
     << "  operations  " << report.gflop << " GFLOP, " << report.gflops << " GFLOP/s\n"
     << "  peak        " << report.peak_gflops << " GFLOP/s, measured; share "
     << report.share_of_peak << '\n'
     << "  memory      " << report.learner_mb << " MB beside the batch\n";
  for (const Projection& p : report.projections) {
    os << "  projected   " << p.n_threads << " threads: " << p.seconds * 1e3 << " ms, " << p.speedup
       << " times as fast as one\n";
  }
  return os.str();
}

}  // namespace qtot::bench
