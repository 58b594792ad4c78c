#include "determinism/golden_runs.h"
#include "qtot/rollout/collect.h"
#include "qtot/rollout/tbb_executor.h"

namespace qtot::golden {
namespace {

class FlowGraphPlayer final : public train::RoundPlayer {
 public:
  FlowGraphPlayer(std::size_t n_threads, const rollout::EnvFactory& make_env)
      : collector_(n_threads, make_env) {}
  void start(const rollout::Round& round) override {
    round_ = round;
    collector_.start(round_);
  }
  std::vector<rollout::EpisodeStats> wait() override { return collector_.wait(); }

 private:
  rollout::Collector collector_;
  rollout::Round round_;
};

}  // namespace

bool has_threads() {
  return true;
}

Machinery make_machinery(std::size_t n_threads, const rollout::EnvFactory& make_env) {
  return {.player = std::make_unique<FlowGraphPlayer>(n_threads, make_env),
          .executor = std::make_unique<rollout::TbbExecutor>(n_threads)};
}

}  // namespace qtot::golden
