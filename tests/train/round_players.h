#pragma once

#include <cstddef>
#include <vector>

#include "qtot/rollout/collect.h"
#include "qtot/train/trainer.h"

namespace qtot::test {

/// Plays rounds on the flow graph, as `qtot train` does.
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

}  // namespace qtot::test
