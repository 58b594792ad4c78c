#include "qtot/checkpoint/checkpoint.h"

#include <algorithm>
#include <boost/serialization/level.hpp>
#include <boost/serialization/tracking.hpp>
#include <cmath>

#include "checkpoint/archive.h"
#include "checkpoint/frame.h"
#include "qtot/base/check.h"
#include "qtot/base/files.h"
#include "qtot/base/printable.h"

namespace qtot::checkpoint {
namespace {

constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 40;  // of a tensor, and of all together
constexpr int kMaxDim = 1 << 24;                                // of a spec

template <class Archive, class... Fields>
void list(Archive& ar, Fields&... fields) {
  (static_cast<void>(ar & fields), ...);
}

// State::numbers stand among the accumulators, so that files of runs without them are as they ever were.
using Numbers = std::map<std::string, std::vector<double>>;
constexpr std::string_view kNumbersPrefix = "training.";

Numbers with_prefixed(Numbers accumulators, const Numbers& numbers) {
  for (const auto& [name, values] : numbers) {
    accumulators[std::string(kNumbersPrefix) + name] = values;
  }
  return accumulators;
}

void take_prefixed(const Numbers& accumulators, State& state) {
  for (const auto& [name, values] : accumulators) {
    if (name.starts_with(kNumbersPrefix)) {
      state.numbers[name.substr(kNumbersPrefix.size())] = values;
    } else {
      state.accumulators[name] = values;
    }
  }
}

// One episode as the payload has it.
struct EpisodeArrays {
  core::Ticket ticket = 0;
  bool terminated = false;
  std::vector<float> rewards;
  std::vector<float> states;
  std::vector<float> obs;
  std::vector<std::uint64_t> avail;
  std::vector<core::Action> actions;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    list(ar, ticket, terminated, rewards, states, obs, avail, actions);
  }
};

}  // namespace

// The lists that saving and loading share; episodes follow behind them.
template <class Archive>
void serialize(Archive& ar, TensorShape& tensor, unsigned) {
  list(ar, tensor.name, tensor.shape);
}

template <class Archive>
void serialize(Archive& ar, State& state, unsigned) {
  list(ar, state.config, state.training_keys, state.t_env, state.episode, state.tensors);
  learner::LearnerState<float>& learner = state.learner;
  list(ar, learner.params, learner.target_params, learner.optimiser.first);
  list(ar, learner.optimiser.second, learner.optimiser.n_steps);
  list(ar, learner.n_updates, learner.last_target_update_episode, state.acting_params);
  list(ar, learner.rewards.mean, learner.rewards.variance, learner.rewards.count);
  core::DecPomdpSpec& spec = state.spec;
  list(ar, spec.n_agents, spec.n_actions, spec.obs_dim, spec.state_dim, spec.episode_limit);
  Numbers accumulators = with_prefixed(state.accumulators, state.numbers);
  list(ar, state.counters, accumulators, state.sink_positions);
  if constexpr (Archive::is_loading::value) take_prefixed(accumulators, state);
}

}  // namespace qtot::checkpoint

// Neither class information nor tracking: the payload is what serialize() lists.
BOOST_CLASS_IMPLEMENTATION(qtot::checkpoint::State, boost::serialization::object_serializable)
BOOST_CLASS_TRACKING(qtot::checkpoint::State, boost::serialization::track_never)
BOOST_CLASS_IMPLEMENTATION(qtot::checkpoint::TensorShape, boost::serialization::object_serializable)
BOOST_CLASS_TRACKING(qtot::checkpoint::TensorShape, boost::serialization::track_never)
BOOST_CLASS_IMPLEMENTATION(qtot::checkpoint::EpisodeArrays,
                           boost::serialization::object_serializable)
BOOST_CLASS_TRACKING(qtot::checkpoint::EpisodeArrays, boost::serialization::track_never)

namespace qtot::checkpoint {
namespace {

void save_episode(OutArchive& ar, const StoredEpisode& stored) {
  const core::Episode& episode = *stored.episode;
  ar << stored.ticket << episode.terminated();
  ar.save_array(episode.rewards());
  ar.save_array(episode.all_states());
  ar.save_array(episode.all_obs());
  ar.save_array(episode.all_avail());
  ar.save_array(episode.all_actions());
}

void require(bool holds, const std::string& expected, const std::string& found) {
  if (!holds) throw Error("expected " + expected + ", found " + found);
}

template <class T>
void require_size(const std::string& name, const std::vector<T>& values, std::uint64_t expected) {
  require(values.size() == expected, std::to_string(expected) + " numbers of " + name,
          std::to_string(values.size()));
}

std::uint64_t n_elements(const TensorShape& tensor) {
  std::uint64_t n = 1;
  for (const std::uint64_t dim : tensor.shape) {
    require(dim == 0 || n <= kMaxElements / dim,
            "a tensor " + printable(tensor.name) + " of possible size",
            "a dimension of " + std::to_string(dim));
    n *= dim;
  }
  return n;
}

void require_learner_fits(const State& state) {
  std::uint64_t n = 0;
  for (const TensorShape& tensor : state.tensors) {
    n += n_elements(tensor);
    require(n <= kMaxElements, "tensors of possible size together",
            "more than " + std::to_string(kMaxElements) + " numbers");
  }
  const learner::LearnerState<float>& learner = state.learner;
  require_size("the parameters", learner.params, n);
  require_size("the target parameters", learner.target_params, n);
  if (!state.acting_params.empty()) {
    require_size("the acting parameters", state.acting_params, n);
  }
  // an optimiser lacks the moments that it does not use
  if (!learner.optimiser.first.empty()) {
    require_size("the optimiser's first moments", learner.optimiser.first, n);
  }
  if (!learner.optimiser.second.empty()) {
    require_size("the optimiser's second moments", learner.optimiser.second, n);
  }
  for (const std::int64_t counter :
       {state.t_env, state.episode, learner.n_updates, learner.optimiser.n_steps}) {
    require(counter >= 0, "counters of at least 0", std::to_string(counter));
  }
  const auto& rewards = learner.rewards;
  require(std::isfinite(rewards.mean) && rewards.variance >= 0 && rewards.count > 0,
          "statistics of the rewards that are finite, of positive weight",
          "mean " + std::to_string(rewards.mean) + ", variance " +
              std::to_string(rewards.variance) + ", weight " + std::to_string(rewards.count));
}

void require_spec_valid(const core::DecPomdpSpec& spec) {
  for (const int dim :
       {spec.n_agents, spec.n_actions, spec.obs_dim, spec.state_dim, spec.episode_limit}) {
    require(dim >= 0 && dim <= kMaxDim,
            "sizes of the environment from 0 to " + std::to_string(kMaxDim), std::to_string(dim));
  }
}

// Sizes and values, so that no use of the episode can leave its arrays.
void require_episode_fits(const EpisodeArrays& arrays, const core::DecPomdpSpec& spec) {
  const std::string name = "episode " + std::to_string(arrays.ticket) + "'s ";
  const auto length = static_cast<std::uint64_t>(arrays.rewards.size());
  const auto n_agents = static_cast<std::uint64_t>(spec.n_agents);
  require(length <= static_cast<std::uint64_t>(spec.episode_limit),
          "at most " + std::to_string(spec.episode_limit) + " of " + name + "rewards",
          std::to_string(length));
  const std::uint64_t n_slots = length + 1;
  require_size(name + "states", arrays.states,
               n_slots * static_cast<std::uint64_t>(spec.state_dim));
  require_size(name + "obs", arrays.obs,
               n_slots * n_agents * static_cast<std::uint64_t>(spec.obs_dim));
  require_size(name + "avail", arrays.avail,
               n_slots * n_agents * core::Episode::words_per_agent(spec));
  require_size(name + "actions", arrays.actions, n_slots * n_agents);
  for (const core::Action action : arrays.actions) {
    require(action >= 0 && action < spec.n_actions,
            name + "actions to be from 0 to " + std::to_string(spec.n_actions - 1),
            std::to_string(action));
  }
}

// Behind all episodes, where the run stores it: other checkpoints have not a byte of it.
void load_behaviour(InArchive& ar, core::Ticket ticket, core::Episode& episode) {
  const std::string name = "episode " + std::to_string(ticket) + "'s behaviour";
  std::vector<float> mu;
  ar >> mu;
  require_size(name, mu, episode.all_actions().size());
  for (const float probability : mu) {
    require(probability > 0 && probability <= 1, name + " to be in (0, 1]",
            std::to_string(probability));
  }
  episode.set_behaviour(mu);
}

std::vector<StoredEpisode> load_episodes(InArchive& ar, const core::DecPomdpSpec& spec) {
  std::uint64_t n_episodes = 0;
  ar >> n_episodes;
  std::vector<std::shared_ptr<core::Episode>> read;
  std::vector<StoredEpisode> episodes;
  EpisodeArrays arrays;
  for (std::uint64_t i = 0; i < n_episodes; ++i) {
    ar >> arrays;
    require_episode_fits(arrays, spec);
    require(i == 0 || episodes.back().ticket < arrays.ticket, "ascending tickets",
            std::to_string(arrays.ticket) + " out of order");
    read.push_back(std::make_shared<core::Episode>(
        core::Episode::from_arrays(spec, arrays.states, arrays.obs, arrays.avail, arrays.actions,
                                   arrays.rewards, arrays.terminated)));
    episodes.push_back({arrays.ticket, read.back()});
  }
  const bool has_behaviour = ar.n_left() > 0;
  for (std::size_t i = 0; has_behaviour && i < read.size(); ++i) {
    load_behaviour(ar, episodes[i].ticket, *read[i]);
  }
  return episodes;
}

void require_numbers_finite(const State& state) {
  for (const auto& [name, values] : state.numbers) {
    for (const double value : values) {
      require(std::isfinite(value), "finite " + printable(name), std::to_string(value));
    }
  }
}

State load_payload(std::string_view payload) {
  State state;
  InArchive ar(payload);
  ar >> state;
  require_learner_fits(state);
  require_numbers_finite(state);
  require_spec_valid(state.spec);
  state.episodes = load_episodes(ar, state.spec);
  require(ar.n_left() == 0, "nothing behind the last episode",
          std::to_string(ar.n_left()) + " bytes");
  return state;
}

// Close to the size of the payload, so that it is not moved while it grows.
std::size_t estimated_bytes(const State& state) {
  constexpr std::size_t kPerEpisode = 64;
  constexpr std::size_t kRest = 1 << 16;
  std::size_t n = kRest + state.config.size() + 4 * sizeof(float) * state.learner.params.size();
  for (const auto& [name, values] : state.numbers)
    n += kPerEpisode + sizeof(double) * values.size();
  for (const StoredEpisode& stored : state.episodes) n += kPerEpisode + stored.episode->n_bytes();
  return n;
}

}  // namespace

std::string to_bytes(const State& state) {
  std::string bytes;
  bytes.reserve(estimated_bytes(state));
  bytes.resize(kHeaderBytes);
  OutArchive ar(bytes);
  ar << state << std::uint64_t{state.episodes.size()};
  for (const StoredEpisode& stored : state.episodes) {
    QTOT_CHECK(stored.episode->spec() == state.spec);
    save_episode(ar, stored);
  }
  for (const StoredEpisode& stored : state.episodes) {
    QTOT_CHECK(stored.episode->extras() == state.episodes.front().episode->extras());
    if (stored.episode->has_behaviour()) ar.save_array(stored.episode->all_mu());
  }
  close_frame(bytes);
  return bytes;
}

State from_bytes(std::string_view bytes, const std::string& what) {
  if (const auto fault = check_frame(bytes))
    throw Error("checkpoint " + what + ": " + fault->sentence);
  try {
    return load_payload(payload_of(bytes));
  } catch (const std::exception& error) {  // ours, or Boost's
    throw Error("checkpoint " + what + ": " + error.what());
  }
}

void save(const std::filesystem::path& path, const State& state) {
  write_file_atomically(path, to_bytes(state));
}

State load(const std::filesystem::path& path) {
  return from_bytes(read_file(path, kMaxFileBytes), path.string());
}

}  // namespace qtot::checkpoint
