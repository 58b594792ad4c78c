#include "qtot/rollout/collect.h"

#include <oneapi/tbb/flow_graph.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "qtot/base/check.h"
#include "rollout/arena.h"

namespace qtot::rollout {
namespace {

namespace flow = oneapi::tbb::flow;

struct Worker {
  explicit Worker(std::unique_ptr<env::Env> env) : player(std::move(env)) {}

  Player player;
  core::Episode scratch;  // for rounds without a ring
};

struct Played {
  Ticket ticket = 0;
  EpisodeStats stats;
};

// The graph of one round; collect.h draws it. Must be built inside the arena that it runs in.
class Running {
 public:
  Running(const Round& round, std::vector<Worker>& workers)
      : round_(round),
        workers_(workers),
        tickets_(
            graph_,
            [round, next = std::size_t{0}](oneapi::tbb::flow_control& control) mutable -> Ticket {
              if (next < round.count) return round.ticket(next++);
              control.stop();
              return round.ticket(round.count);
            }),
        limit_(graph_, n_on_the_way(round)),
        play_(graph_, flow::unlimited, [this](Ticket t) { return play(t); }),
        in_order_(graph_,
                  [first = round.first, stride = round.stride](const Played& p) -> std::size_t {
                    return (p.ticket - first) / stride;
                  }),
        done_(graph_, flow::serial, [this](const Played& p) { return done(p); }) {
    stats_.reserve(round.count);
    flow::make_edge(tickets_, limit_);
    flow::make_edge(limit_, play_);
    flow::make_edge(play_, in_order_);
    flow::make_edge(in_order_, done_);
    flow::make_edge(done_, limit_.decrementer());
    tickets_.activate();
  }

  void wait() { graph_.wait_for_all(); }
  void cancel() { graph_.cancel(); }
  std::vector<EpisodeStats> take_stats() { return std::move(stats_); }

 private:
  static std::size_t n_on_the_way(const Round& round) {
    const std::size_t count = std::max<std::size_t>(1, round.count);
    return round.ring != nullptr ? std::min(count, round.ring->shape().in_flight) : count;
  }

  Played play(Ticket t) {
    Worker& worker = workers_[Arena::worker()];
    core::Episode& episode =
        round_.ring != nullptr
            ? slot_for(*round_.ring, t, worker.player.spec(), round_.rules.extras)
            : worker.scratch;
    const EpisodeStats stats = worker.player.play(round_.policy, round_.rules, t, episode);
    if (round_.ring != nullptr) round_.ring->publish(t);
    return {.ticket = t, .stats = stats};
  }

  flow::continue_msg done(const Played& played) {
    stats_.push_back(played.stats);
    if (round_.on_done) round_.on_done(played.ticket, played.stats);
    return {};
  }

  Round round_;
  std::vector<Worker>& workers_;
  std::vector<EpisodeStats> stats_;
  flow::graph graph_;
  flow::input_node<Ticket> tickets_;
  flow::limiter_node<Ticket> limit_;
  flow::function_node<Ticket, Played> play_;
  flow::sequencer_node<Played> in_order_;
  flow::function_node<Played, flow::continue_msg> done_;
};

}  // namespace

struct Collector::State {
  State(std::size_t n, const EnvFactory& make_env) : n_threads(n), arena(n) {
    workers.reserve(n);
    for (std::size_t i = 0; i < n; ++i) workers.emplace_back(make_env());
  }

  std::size_t n_threads;
  Arena arena;
  std::vector<Worker> workers;
  std::optional<Running> running;
};

Collector::Collector(std::size_t n_threads, const EnvFactory& make_env)
    : state_(std::make_unique<State>(n_threads, make_env)) {}

Collector::~Collector() {
  if (!state_->running) return;
  state_->running->cancel();
  try {
    state_->running->wait();
  } catch (...) {  // the caller left without asking for it
  }
}

std::size_t Collector::n_threads() const {
  return state_->n_threads;
}

const core::DecPomdpSpec& Collector::spec() const {
  return state_->workers.front().player.spec();
}

bool Collector::reports_wins() const {
  return state_->workers.front().player.reports_wins();
}

void Collector::start(const Round& round) {
  QTOT_CHECK(!state_->running);
  if (round.ring != nullptr && round.count > 0) {
    QTOT_CHECK(round.ring->admits(round.ticket(round.count - 1)));
  }
  state_->arena.execute([&] { state_->running.emplace(round, state_->workers); });
}

std::vector<EpisodeStats> Collector::wait() {
  QTOT_CHECK(state_->running);
  try {
    state_->running->wait();
  } catch (...) {
    state_->running.reset();
    throw;
  }
  std::vector<EpisodeStats> stats = state_->running->take_stats();
  state_->running.reset();
  return stats;
}

std::vector<EpisodeStats> Collector::collect(const Round& round) {
  start(round);
  return wait();
}

}  // namespace qtot::rollout
