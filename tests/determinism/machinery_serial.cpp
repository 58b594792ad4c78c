#include "determinism/golden_runs.h"
#include "qtot/base/check.h"

namespace qtot::golden {

bool has_threads() {
  return false;
}

Machinery make_machinery(std::size_t n_threads, const rollout::EnvFactory& make_env) {
  QTOT_CHECK_EQ(n_threads, std::size_t{1});
  return {.player = std::make_unique<train::SerialRoundPlayer>(make_env()),
          .executor = std::make_unique<SerialExecutor>()};
}

}  // namespace qtot::golden
