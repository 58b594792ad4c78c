#include "train/share_state.h"

#include <utility>

#include "qtot/checkpoint/checkpoint.h"

namespace qtot::train {

std::optional<checkpoint::State> share_state(Crew& crew, std::optional<checkpoint::State> state) {
  std::vector<checkpoint::StoredEpisode> episodes;
  std::string bytes;
  if (crew.is_first() && state) {
    episodes = std::exchange(state->episodes, {});
    bytes = checkpoint::to_bytes(*state);
  }
  bytes = crew.tell(std::move(bytes));
  if (bytes.empty()) return std::nullopt;
  checkpoint::State shared = checkpoint::from_bytes(bytes, "of rank 0");
  shared.episodes = crew.distribute(shared.spec, episodes);
  return shared;
}

}  // namespace qtot::train
