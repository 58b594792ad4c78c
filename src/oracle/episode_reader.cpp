#include "oracle/episode_reader.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "qtot/base/error.h"

namespace qtot::oracle {
namespace {

using arrays::Array;
using arrays::Npz;
using Shape = std::vector<std::size_t>;

constexpr const char* kBehaviour = "in/behaviour_probs";
constexpr std::size_t kMaxSize = 1 << 20;  // of a dimension: the product of two still fits an int64

std::size_t dimension(const Array& array, std::size_t rank, std::size_t axis) {
  if (array.shape().size() != rank) {
    throw Error(array.place() + ": expected " + std::to_string(rank) + " dimensions, found shape " +
                arrays::shape_text(array.shape()));
  }
  const std::size_t n = array.shape()[axis];
  if (n < 1 || n > kMaxSize) {
    throw Error(array.place() + ": dimension " + std::to_string(axis) + " is " + std::to_string(n) +
                "; it must be in [1, 2^20]");
  }
  return n;
}

// [..., 1], where the last axis may be missing
const Array& with_unit_axis(const Array& array, Shape shape) {
  if (array.shape() == shape) return array;
  shape.push_back(1);
  return array.require_shape(shape);
}

// float64 and integers are taken where float32 holds them exactly: an episode is stored in float32
std::vector<float> exact_floats(const Array& array) {
  if (array.dtype() == arrays::Dtype::kFloat32) return array.as_floats();
  std::vector<float> result;
  for (const double value : array.as_doubles()) {
    const auto narrow = static_cast<float>(value);
    if (static_cast<double>(narrow) != value && !std::isnan(value)) {
      throw Error(array.place() + ": expected float32 numbers, found " + std::to_string(value) +
                  " of " + std::string(name_of(array.dtype())) + ", which float32 would round");
    }
    result.push_back(narrow);
  }
  return result;
}

class Reader {
 public:
  Reader(const Npz& file, const BatchSizes& sizes)
      : file_(file),
        n_(sizes),
        spec_(sizes.spec()),
        states_(exact_floats(file.at("in/state"))),
        obs_(exact_floats(file.at("in/obs"))),
        rewards_(exact_floats(file.at("in/reward"))),
        actions_(file.at("in/actions").as_ints()),
        avail_(file.at("in/avail_actions").as_ints()),
        terminated_(file.at("in/terminated").as_ints()),
        filled_(file.at("in/filled").as_ints()) {
    if (file.contains(kBehaviour)) mu_ = exact_floats(file.at(kBehaviour));
  }

  core::Episode read(std::size_t b) const {
    const std::size_t n_filled = filled_slots(b);
    const std::size_t length = n_filled > 0 ? n_filled - 1 : 0;
    core::Episode episode(spec_);
    for (std::size_t slot = 0; slot < n_filled; ++slot) {
      const std::size_t at = b * n_.n_slots + slot;
      add_slot(episode, at, static_cast<int>(slot), b);
      if (slot < length) episode.add_reward(rewards_[at]);
    }
    episode.set_terminated(is_terminated(b, length));
    if (file_.contains(kBehaviour)) episode.set_behaviour(behaviour(b, n_filled));
    return episode;
  }

 private:
  [[noreturn]] void fail(const std::string& member, std::size_t b, const std::string& what) const {
    throw Error(file_.at(member).place() + ", episode " + std::to_string(b) + ": " + what);
  }

  // `filled` is ones, then zeros
  std::size_t filled_slots(std::size_t b) const {
    std::size_t n_filled = 0;
    for (std::size_t slot = 0; slot < n_.n_slots; ++slot) {
      const std::int64_t value = filled_[b * n_.n_slots + slot];
      if (value != 0 && value != 1) fail("in/filled", b, std::to_string(value) + " is not 0 or 1");
      if (value == 1 && n_filled != slot) {
        fail("in/filled", b, "slot " + std::to_string(slot) + " is filled, but not the one before");
      }
      n_filled += static_cast<std::size_t>(value);
    }
    if (file_.contains("in/lengths")) {
      const std::int64_t length = file_.at("in/lengths").as_ints().at(b);
      const auto expected = static_cast<std::int64_t>(n_filled > 0 ? n_filled - 1 : 0);
      if (length != expected) {
        fail("in/lengths", b,
             "length " + std::to_string(length) + ", but in/filled has " +
                 std::to_string(n_filled) + " slots, so " + std::to_string(expected) + " steps");
      }
    }
    return n_filled;
  }

  bool is_terminated(std::size_t b, std::size_t length) const {
    for (std::size_t slot = 0; slot < n_.n_slots; ++slot) {
      if (terminated_[b * n_.n_slots + slot] != 0 && slot + 1 != length) {
        fail("in/terminated", b,
             "is set at slot " + std::to_string(slot) + ", but the episode has " +
                 std::to_string(length) + " steps");
      }
    }
    return length > 0 && terminated_[b * n_.n_slots + length - 1] != 0;
  }

  // `at` counts the slots of all episodes
  void add_slot(core::Episode& episode, std::size_t at, int slot, std::size_t b) const {
    episode.add_slot();
    const auto copy = [at](const std::vector<float>& from, std::size_t n, std::span<float> to) {
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at * n), n, to.begin());
    };
    copy(states_, n_.state_dim, episode.state(slot));
    copy(obs_, n_.n_agents * n_.obs_dim, episode.obs(slot));
    for (std::size_t i = 0; i < n_.n_agents; ++i) {
      const std::int64_t action = actions_[at * n_.n_agents + i];
      if (action < 0 || static_cast<std::size_t>(action) >= n_.n_actions) {
        fail("in/actions", b,
             std::to_string(action) + " is no action, there are " + std::to_string(n_.n_actions));
      }
      episode.actions(slot)[i] = static_cast<core::Action>(action);
    }
    std::vector<std::uint8_t> avail(n_.n_agents * n_.n_actions);
    for (std::size_t i = 0; i < avail.size(); ++i) {
      avail[i] = avail_[at * avail.size() + i] != 0 ? 1 : 0;
    }
    episode.set_avail(slot, avail);
  }

  // of the filled slots, whose actions were taken
  std::span<const float> behaviour(std::size_t b, std::size_t n_filled) const {
    const std::span<const float> all(mu_);
    const std::span<const float> mu =
        all.subspan(b * n_.n_slots * n_.n_agents, n_filled * n_.n_agents);
    for (const float probability : mu) {
      if (!(probability > 0 && probability <= 1)) {
        fail(kBehaviour, b,
             std::to_string(probability) +
                 " is no probability of what was done: it must be in (0, 1]");
      }
    }
    return mu;
  }

  const Npz& file_;
  BatchSizes n_;
  core::DecPomdpSpec spec_;
  std::vector<float> states_, obs_, rewards_, mu_;
  std::vector<std::int64_t> actions_, avail_, terminated_, filled_;
};

}  // namespace

core::DecPomdpSpec BatchSizes::spec() const {
  return {.n_agents = static_cast<int>(n_agents),
          .n_actions = static_cast<int>(n_actions),
          .obs_dim = static_cast<int>(obs_dim),
          .state_dim = static_cast<int>(state_dim),
          .episode_limit = static_cast<int>(n_slots) - 1};
}

BatchSizes batch_sizes(const Npz& file) {
  const Array& avail = file.at("in/avail_actions");
  const BatchSizes n{.n_episodes = dimension(avail, 4, 0),
                     .n_slots = dimension(avail, 4, 1),
                     .n_agents = dimension(avail, 4, 2),
                     .n_actions = dimension(avail, 4, 3),
                     .obs_dim = dimension(file.at("in/obs"), 4, 3),
                     .state_dim = dimension(file.at("in/state"), 3, 2)};
  if (n.n_slots < 2) {
    throw Error(avail.place() + ": expected two time slots or more (one step), found shape " +
                arrays::shape_text(avail.shape()));
  }
  file.at("in/obs").require_shape({n.n_episodes, n.n_slots, n.n_agents, n.obs_dim});
  file.at("in/state").require_shape({n.n_episodes, n.n_slots, n.state_dim});
  with_unit_axis(file.at("in/actions"), {n.n_episodes, n.n_slots, n.n_agents});
  if (file.contains(kBehaviour)) {
    with_unit_axis(file.at(kBehaviour), {n.n_episodes, n.n_slots, n.n_agents});
  }
  for (const char* name : {"in/reward", "in/terminated", "in/filled"}) {
    with_unit_axis(file.at(name), {n.n_episodes, n.n_slots});
  }
  if (file.contains("in/lengths")) file.at("in/lengths").require_shape({n.n_episodes});
  return n;
}

std::vector<core::Episode> read_episodes(const Npz& file, const BatchSizes& sizes) {
  const Reader reader(file, sizes);
  std::vector<core::Episode> episodes;
  for (std::size_t b = 0; b < sizes.n_episodes; ++b) episodes.push_back(reader.read(b));
  return episodes;
}

}  // namespace qtot::oracle
