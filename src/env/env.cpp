#include "qtot/env/env.h"

namespace qtot::env {

bool Env::draw(Drawing& /*out*/) const {
  return false;
}

int Env::n_actions_of(int /*agent*/) const {
  return spec().n_actions;
}

int Env::obs_dim_of(int /*agent*/) const {
  return spec().obs_dim;
}

std::string Env::action_name(int /*agent*/, Action action) const {
  return std::to_string(action);
}

}  // namespace qtot::env
