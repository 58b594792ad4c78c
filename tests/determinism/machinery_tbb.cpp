#include "determinism/golden_runs.h"
#include "qtot/rollout/tbb_executor.h"
#include "qtot/train/flow_graph_player.h"

namespace qtot::golden {
bool has_threads() {
  return true;
}

Machinery make_machinery(std::size_t n_threads, const rollout::EnvFactory& make_env) {
  return {.player = std::make_unique<train::FlowGraphPlayer>(n_threads, make_env),
          .executor = std::make_unique<rollout::TbbExecutor>(n_threads)};
}

}  // namespace qtot::golden
