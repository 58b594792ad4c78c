// Q_tot of VDN for one row of three agents: the sum of what they expect.
#include <array>
#include <iostream>

#include "qtot/mixers/mixer.h"
#include "qtot/version.h"

int main() {
  qtot::nn::ParamLayout layout;
  const auto vdn =
      qtot::mixers::make_mixer<float>({.mixer = "vdn", .n_agents = 3, .state_dim = 1}, layout);
  const std::array<float, 3> agent_qs = {1.5F, 2.0F, 4.0F};
  const std::array<float, 1> state = {0.0F};
  std::array<float, 1> q_tot = {};
  qtot::nn::Workspace<float> workspace;
  qtot::mixers::Tape<float> tape;
  vdn->forward({}, qtot::math::view(agent_qs.data(), 1, 3), qtot::math::view(state.data(), 1, 1),
               workspace, tape, qtot::math::view(q_tot.data(), 1, 1));
  std::cout << "qtot " << qtot::kVersion << ": q_tot = " << q_tot[0] << '\n';
}
