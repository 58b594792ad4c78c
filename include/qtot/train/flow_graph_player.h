#pragma once

#include <cstddef>
#include <vector>

#include "qtot/rollout/collect.h"
#include "qtot/train/trainer.h"

namespace qtot::train {

/// Plays rounds on the flow graph, with one environment a thread: what `qtot train` does.
class FlowGraphPlayer final : public RoundPlayer {
 public:
  FlowGraphPlayer(std::size_t n_threads, const rollout::EnvFactory& make_env)
      : collector_(n_threads, make_env) {}

  void start(const rollout::Round& round) override {
    round_ = round;
    collector_.start(round_);
  }
  std::vector<rollout::EpisodeStats> wait() override { return collector_.wait(); }
  const core::DecPomdpSpec& spec() const { return collector_.spec(); }
  bool reports_wins() const { return collector_.reports_wins(); }

 private:
  rollout::Collector collector_;
  rollout::Round round_;
};

}  // namespace qtot::train
