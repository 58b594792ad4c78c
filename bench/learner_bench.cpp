#include "bench/learner_bench.h"

#include <charconv>
#include <map>
#include <sstream>

#include "bench/clock.h"
#include "bench/peak.h"
#include "math/isa.h"
#include "qtot/base/error.h"
#include "qtot/learner/learner.h"
#include "qtot/math/philox.h"
#include "qtot/rollout/tbb_executor.h"

namespace qtot::bench {
namespace {

constexpr int kHidden = 64;  // PyMARL's sizes
constexpr int kEmbedding = 32;
constexpr int kHypernet = 64;

const std::map<std::string, core::DecPomdpSpec>& shapes() {
  const auto spec = [](int n, int a, int o, int s, int t) {
    return core::DecPomdpSpec{
        .n_agents = n, .n_actions = a, .obs_dim = o, .state_dim = s, .episode_limit = t};
  };
  static const std::map<std::string, core::DecPomdpSpec> all = {
      {"3m", spec(3, 9, 30, 48, 60)},
      {"2s3z", spec(5, 11, 80, 120, 120)},
      {"8m_vs_9m", spec(8, 15, 85, 179, 120)},
      {"MMM2", spec(10, 18, 176, 322, 180)},
      {"27m_vs_30m", spec(27, 36, 285, 1170, 180)},
      {"stag_hunt_small", spec(4, 6, 75, 108, 60)},
  };
  return all;
}

[[noreturn]] void refuse_shape(const std::string& text) {
  std::string names;
  for (const std::string& name : known_shapes()) names += " " + name;
  throw Error("--shape " + text + ": expected one of" + names +
              ", or five numbers A,U,O,S,T (agents, actions, observation, state, limit), each in "
              "[1, 65536]");
}

core::DecPomdpSpec parse_shape(const std::string& text) {
  if (const auto found = shapes().find(text); found != shapes().end()) return found->second;
  constexpr int kMaxSize = 65536;
  std::vector<int> numbers;
  const char* next = text.data();
  const char* const end = next + text.size();
  while (next < end) {
    int number = 0;
    const auto [rest, error] = std::from_chars(next, end, number);
    if (error != std::errc() || number < 1 || number > kMaxSize) refuse_shape(text);
    numbers.push_back(number);
    if (rest != end && *rest != ',') refuse_shape(text);
    next = rest == end ? end : rest + 1;
  }
  if (numbers.size() != 5) refuse_shape(text);
  return {.n_agents = numbers[0],
          .n_actions = numbers[1],
          .obs_dim = numbers[2],
          .state_dim = numbers[3],
          .episode_limit = numbers[4]};
}

class Random {
 public:
  double next() {
    math::Draws draws({.seed = 1, .stream = math::Stream::kInit, .ticket = n_++});
    return draws.uniform();
  }

 private:
  std::uint64_t n_ = 0;
};

core::Episode synthetic_episode(const core::DecPomdpSpec& spec, int length, Random& random) {
  core::Episode episode(spec);
  const std::vector<std::uint8_t> avail(static_cast<std::size_t>(spec.n_agents * spec.n_actions),
                                        1);
  for (int slot = 0; slot <= length; ++slot) {
    episode.add_slot();
    for (float& x : episode.state(slot)) x = static_cast<float>(random.next());
    for (float& x : episode.obs(slot)) x = static_cast<float>(random.next());
    for (core::Action& action : episode.actions(slot)) {
      action = static_cast<core::Action>(random.next() * spec.n_actions);
    }
    episode.set_avail(slot, avail);
    if (slot < length) episode.add_reward(static_cast<float>(random.next()));
  }
  episode.set_terminated(true);
  return episode;
}

std::vector<int> lengths_of(const LearnerBenchOptions& options, int limit, Random& random) {
  if (options.lengths != "full" && options.lengths != "ragged") {
    throw Error("--lengths " + options.lengths + ": expected full or ragged");
  }
  std::vector<int> lengths;
  const int shortest = std::max(1, limit / 4);
  for (int b = 0; b < options.batch_size; ++b) {
    const auto drawn = static_cast<int>(random.next() * (limit - shortest + 1));
    lengths.push_back(options.lengths == "full" ? limit : shortest + drawn);
  }
  return lengths;
}

}  // namespace

std::vector<std::string> known_shapes() {
  std::vector<std::string> names;
  for (const auto& [name, spec] : shapes()) names.push_back(name);
  return names;
}

double flop_of_update(const core::DecPomdpSpec& spec, const std::vector<int>& lengths,
                      const std::string& mixer) {
  const double n = spec.n_agents, s = spec.state_dim, a = spec.n_actions;
  const double x = spec.obs_dim + spec.n_actions + spec.n_agents;
  const double h = kHidden, e = kEmbedding, w = kHypernet;
  const double agent_row = 2 * (x * h + 6 * h * h + h * a);
  const double agent_gradient = 2 * (x * h + 12 * h * h + h);
  const double hypernets = 2 * s * w + 2 * s * e + w * n * e + w * e + e;
  const double mixer_row = 2 * hypernets + 4 * (n * e + e);
  const double mixer_gradient = 2 * hypernets + 2 * (w * n * e + w * e) + 8 * n * e;
  double sum = 0;
  for (const int length : lengths) {
    sum += 2 * n * (length + 1) * agent_row + n * length * agent_gradient;
    if (mixer == "qmix") sum += length * (2 * mixer_row + mixer_gradient);
  }
  return sum;
}

LearnerReport bench_learner(const LearnerBenchOptions& options) {
  if (options.mixer != "qmix" && options.mixer != "vdn" && options.mixer != "iql") {
    throw Error("--mixer " + options.mixer +
                ": expected qmix, vdn or iql, whose operations are "
                "counted");
  }
  LearnerReport report{.spec = parse_shape(options.shape), .options = options};
  report.isa = math::name(math::active_isa());
  Random random;
  const std::vector<int> lengths = lengths_of(options, report.spec.episode_limit, random);
  std::vector<core::Episode> episodes;
  for (const int length : lengths) {
    episodes.push_back(synthetic_episode(report.spec, length, random));
  }
  std::vector<const core::Episode*> batch;
  for (const core::Episode& episode : episodes) batch.push_back(&episode);

  rollout::TbbExecutor executor(static_cast<std::size_t>(options.n_threads));
  agents::AgentConfig agent;
  agent.spec = report.spec;
  agent.hidden_dim = kHidden;
  mixers::MixerConfig mixer;
  mixer.mixer = options.mixer;
  mixer.mixing_embed_dim = kEmbedding;
  mixer.hypernet_embed = kHypernet;
  learner::Learner<float> learner(learner::make_network<float>(agent, mixer), {}, 1, executor);
  std::vector<double> seconds;
  constexpr int kWarmUp = 2;
  for (int k = 0; k < kWarmUp + options.n_updates; ++k) {
    const double start = wall_seconds();
    learner.update(batch, 0);
    if (k >= kWarmUp) seconds.push_back(wall_seconds() - start);
  }
  report.seconds = spread_of(seconds);
  report.gflop = flop_of_update(report.spec, lengths, options.mixer) * 1e-9;
  report.gflops = report.gflop / report.seconds.median;
  report.peak_gflops = measure_fma_peak_gflops(true, options.n_threads);
  report.share_of_peak = report.gflops / report.peak_gflops;
  return report;
}

std::string to_text(const LearnerReport& report) {
  std::ostringstream os;
  os << "learner update, " << report.options.shape << ", batch " << report.options.batch_size
     << ", " << report.options.lengths << " lengths, " << report.options.mixer << ", "
     << report.options.n_threads << " threads, " << report.isa << '\n';
  os.precision(4);
  os << "  time        " << report.seconds.median * 1e3 << " ms (quartiles "
     << report.seconds.lower_quartile * 1e3 << " .. " << report.seconds.upper_quartile * 1e3
     << ")\n"
     << "  operations  " << report.gflop << " GFLOP, " << report.gflops << " GFLOP/s\n"
     << "  peak        " << report.peak_gflops << " GFLOP/s, measured; share "
     << report.share_of_peak << '\n';
  return os.str();
}

}  // namespace qtot::bench
