#include "qtot/env/env.h"

namespace qtot::env {

bool Env::draw(Drawing& /*out*/) const {
  return false;
}

std::string Env::action_name(int /*agent*/, Action action) const {
  return std::to_string(action);
}

}  // namespace qtot::env
