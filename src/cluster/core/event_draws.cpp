#include "cluster/core/event_draws.h"

#include <cstddef>

#include "qtot/base/check.h"

namespace qtot::cluster {
namespace {

constexpr std::uint64_t kEraLength = 256;  // events; a key has 1,024 draws, an event takes two
constexpr std::uint32_t kSpreads = 5;      // weights of an era lie in 1 .. 4^spread, spread < this
constexpr std::uint32_t kFavours = 5;      // the favour is 4^n, n < this
constexpr std::uint8_t kWeightSite = 1;    // events have site 0

}  // namespace

EventDraws::EventDraws(std::uint64_t seed, int n_actors)
    : seed_(seed), weights_(static_cast<std::size_t>(n_actors)) {
  start_era();
}

void EventDraws::start_era() {
  const std::uint64_t era = n_chosen_ / kEraLength;
  const math::DrawKey key = {.seed = seed_, .stream = math::Stream::kSchedule, .ticket = era};
  draws_.emplace(key);
  favour_ = std::uint32_t{1} << 2 * draws_->below(kFavours);
  const std::uint32_t spread = draws_->below(kSpreads);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    math::DrawKey of_actor = key;
    of_actor.site = kWeightSite;
    of_actor.index = static_cast<std::uint16_t>(i);
    weights_[i] = std::uint32_t{1} << math::Draws(of_actor).below(2 * spread + 1);
  }
}

int EventDraws::choose(std::span<const int> actors, int favoured) {
  QTOT_CHECK(!actors.empty());
  if (n_chosen_ % kEraLength == 0 && n_chosen_ > 0) start_era();
  ++n_chosen_;
  const auto weight_of = [&](int actor) {
    return weights_[static_cast<std::size_t>(actor)] * (actor == favoured ? favour_ : 1);
  };
  std::uint32_t total = 0;
  for (const int actor : actors) total += weight_of(actor);
  std::uint32_t rest = draws_->below(total);
  for (const int actor : actors) {
    if (rest < weight_of(actor)) return actor;
    rest -= weight_of(actor);
  }
  return actors.back();
}

bool EventDraws::coin() {
  return draws_->below(2) == 1;
}

}  // namespace qtot::cluster
