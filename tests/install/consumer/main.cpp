// Q_tot of VDN for one row of three agents, the sum of what they expect, by way of an npz.
#include <array>
#include <iostream>

#include "qtot/arrays/npz.h"
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
  vdn->forward({},
               {.agent_qs = qtot::math::view(agent_qs.data(), 1, 3),
                .state = qtot::math::view(state.data(), 1, 1)},
               workspace, tape, qtot::math::view(q_tot.data(), 1, 1));
  qtot::arrays::Npz npz("consumer");
  npz.set(qtot::arrays::Array::of_floats("q_tot", {1}, q_tot));
  const auto read = qtot::arrays::Npz::parse(npz.to_bytes(), "consumer").at("q_tot").as_floats();
  std::cout << "qtot " << qtot::kVersion << ": q_tot = " << read.at(0) << '\n';
}
