#include "support/case.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "qtot/base/error.h"
#include "qtot/mixers/aliases.h"

namespace qtot::test {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxSize = 1 << 20;  // of any dimension: the product still fits an int64

// [B, T1, N, ...] of the arrays, from the shape of the actions, the obs and the state.
struct Sizes {
  std::size_t n_episodes, n_slots, n_agents, n_actions, obs_dim, state_dim;
};

std::size_t dimension(const Array& array, std::size_t rank, std::size_t axis) {
  if (array.shape().size() != rank) {
    throw Error(array.place() + ": expected " + std::to_string(rank) + " dimensions, found shape " +
                shape_text(array.shape()));
  }
  const std::size_t n = array.shape()[axis];
  if (n < 1 || n > kMaxSize) {
    throw Error(array.place() + ": dimension " + std::to_string(axis) + " is " + std::to_string(n) +
                "; it must be in [1, 2^20]");
  }
  return n;
}

Sizes sizes_of(const Npz& file) {
  const Array& avail = file.at("in/avail_actions");
  const Sizes n{.n_episodes = dimension(avail, 4, 0),
                .n_slots = dimension(avail, 4, 1),
                .n_agents = dimension(avail, 4, 2),
                .n_actions = dimension(avail, 4, 3),
                .obs_dim = dimension(file.at("in/obs"), 4, 3),
                .state_dim = dimension(file.at("in/state"), 3, 2)};
  file.at("in/obs").require_shape({n.n_episodes, n.n_slots, n.n_agents, n.obs_dim});
  file.at("in/state").require_shape({n.n_episodes, n.n_slots, n.state_dim});
  file.at("in/actions").require_shape({n.n_episodes, n.n_slots, n.n_agents, 1});
  file.at("in/reward").require_shape({n.n_episodes, n.n_slots, 1});
  file.at("in/terminated").require_shape({n.n_episodes, n.n_slots, 1});
  file.at("in/filled").require_shape({n.n_episodes, n.n_slots, 1});
  file.at("in/lengths").require_shape({n.n_episodes});
  return n;
}

// Reads the episodes slot by slot out of the padded arrays.
class EpisodeReader {
 public:
  EpisodeReader(const Npz& file, const Sizes& sizes, const core::DecPomdpSpec& spec)
      : file_(file),
        n_(sizes),
        spec_(spec),
        states_(file.at("in/state").as_floats()),
        obs_(file.at("in/obs").as_floats()),
        rewards_(file.at("in/reward").as_floats()),
        actions_(file.at("in/actions").as_ints()),
        avail_(file.at("in/avail_actions").as_ints()),
        terminated_(file.at("in/terminated").as_ints()),
        filled_(file.at("in/filled").as_ints()),
        lengths_(file.at("in/lengths").as_ints()) {}

  core::Episode read(std::size_t b) const {
    const std::int64_t length = lengths_[b];
    if (length < 1 || static_cast<std::size_t>(length) >= n_.n_slots) {
      fail("in/lengths", b,
           "length " + std::to_string(length) + " is not in [1, " + std::to_string(n_.n_slots - 1) +
               "]");
    }
    const auto n_steps = static_cast<std::size_t>(length);
    core::Episode episode(spec_);
    for (std::size_t slot = 0; slot < n_.n_slots; ++slot) {
      const std::size_t at = b * n_.n_slots + slot;
      if (filled_[at] != (slot <= n_steps ? 1 : 0)) fail("in/filled", b, "does not fit in/lengths");
      if (terminated_[at] != 0 && slot + 1 != n_steps) {
        fail("in/terminated", b, "is set elsewhere than at the last step");
      }
      if (slot > n_steps) continue;
      add_slot(episode, at, static_cast<int>(slot), b);
      if (slot < n_steps) episode.add_reward(rewards_[at]);
    }
    episode.set_terminated(terminated_[b * n_.n_slots + n_steps - 1] != 0);
    return episode;
  }

 private:
  [[noreturn]] void fail(const std::string& member, std::size_t b, const std::string& what) const {
    throw Error(file_.source() + ": " + member + ", episode " + std::to_string(b) + ": " + what);
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
        fail("in/actions", b, std::to_string(action) + " is no action");
      }
      episode.actions(slot)[i] = static_cast<core::Action>(action);
    }
    std::vector<std::uint8_t> avail(n_.n_agents * n_.n_actions);
    for (std::size_t i = 0; i < avail.size(); ++i) {
      avail[i] = avail_[at * avail.size() + i] != 0 ? 1 : 0;
    }
    episode.set_avail(slot, avail);
  }

  const Npz& file_;
  Sizes n_;
  core::DecPomdpSpec spec_;
  std::vector<float> states_, obs_, rewards_;
  std::vector<std::int64_t> actions_, avail_, terminated_, filled_, lengths_;
};

// null, absent or the value
template <class V>
V option(const json& args, const char* key, V otherwise) {
  const auto found = args.find(key);
  return found == args.end() || found->is_null() ? otherwise : found->get<V>();
}

nn::OptimiserConfig optimiser_of(const json& meta) {
  const json& options = meta.at("optim_defaults");
  nn::OptimiserConfig config;
  config.lr = options.at("lr").get<double>();
  config.eps = options.at("eps").get<double>();
  config.weight_decay = options.at("weight_decay").get<double>();
  const auto name = meta.at("optimiser").get<std::string>();
  if (name == "Adam") {
    config.optimiser = "adam";
    config.beta1 = options.at("betas").at(0).get<double>();
    config.beta2 = options.at("betas").at(1).get<double>();
  } else if (name == "RMSprop") {
    config.optimiser = "rmsprop";
    config.alpha = options.at("alpha").get<double>();
  } else {
    throw Error("meta: optimiser " + name + " is unknown; known are Adam and RMSprop");
  }
  return config;
}

learner::LearnerConfig learner_of(const json& meta, const json& args, bool is_nq) {
  learner::LearnerConfig config;
  config.optimiser = optimiser_of(meta);
  config.gamma = args.at("gamma").get<double>();
  // PyMARL2's q_learner has the key td_lambda, too, but does not read it
  config.td_lambda = is_nq ? args.at("td_lambda").get<double>() : 0;
  config.double_q = is_nq || args.at("double_q").get<bool>();
  config.loss_factor = meta.at("peer").get<std::string>() == "pymarl2" ? 0.5 : 1;
  config.grad_norm_clip = args.at("grad_norm_clip").get<double>();
  config.target_update_interval = args.at("target_update_interval").get<int>();
  config.pymarl_padding_mask = true;
  config.lambda_from_batch_end = is_nq;
  config.mask_target_qs = !is_nq;
  return config;
}

mixers::MixerConfig mixer_of(const json& args, bool is_nq) {
  mixers::MixerConfig config;
  config.mixer = option<std::string>(args, "mixer", "iql");
  config.mixing_embed_dim = args.at("mixing_embed_dim").get<int>();
  // PyMARL's mixer has one layer unless told otherwise, PyMARL2's nmix always two
  config.hypernet_layers = is_nq ? 2 : option(args, "hypernet_layers", 1);
  config.hypernet_embed = args.at("hypernet_embed").get<int>();
  if (is_nq) {
    config.positivity = option<std::string>(args, "qmix_pos_func", "abs");
    config.softplus_beta = option(args, "qmix_pos_func_beta", 1.0);
    if (!option(args, "abs", true)) config.positivity = "none";
  }
  return config;
}

agents::AgentConfig agent_of(const json& args, const core::DecPomdpSpec& spec) {
  agents::AgentConfig config;
  const auto name = args.at("agent").get<std::string>();
  config.agent = name == "n_rnn" ? "rnn" : name;
  config.spec = spec;
  config.hidden_dim = args.at("rnn_hidden_dim").get<int>();
  config.obs_last_action = args.at("obs_last_action").get<bool>();
  config.obs_agent_id = args.at("obs_agent_id").get<bool>();
  config.layer_norm = option(args, "use_layer_norm", false);
  return config;
}

void refuse_unknown(const json& args, const std::string& source) {
  for (const char* key : {"use_per", "q_lambda"}) {
    if (option(args, key, false)) throw Error(source + ": meta: " + key + " is not supported yet");
  }
  const auto name = args.at("learner").get<std::string>();
  if (name != "nq_learner" && name != "q_learner") {
    throw Error(source + ": meta: learner " + name + " is not supported yet");
  }
}

}  // namespace

Case load_case(const std::filesystem::path& path) {
  Case result;
  result.file = Npz::load(path);
  const Npz& file = result.file;
  const Sizes n = sizes_of(file);
  result.n_slots = n.n_slots;
  result.spec = {.n_agents = static_cast<int>(n.n_agents),
                 .n_actions = static_cast<int>(n.n_actions),
                 .obs_dim = static_cast<int>(n.obs_dim),
                 .state_dim = static_cast<int>(n.state_dim),
                 .episode_limit = static_cast<int>(n.n_slots) - 1};
  const json meta = file.json("meta");
  try {
    const json& args = meta.at("args");
    refuse_unknown(args, file.source());
    result.is_nq = args.at("learner").get<std::string>() == "nq_learner";
    result.agent = agent_of(args, result.spec);
    result.mixer = mixer_of(args, result.is_nq);
    result.learner = learner_of(meta, args, result.is_nq);
  } catch (const json::exception& e) {
    throw Error(file.source() + ": meta: " + e.what());
  }
  const EpisodeReader reader(file, n, result.spec);
  for (std::size_t b = 0; b < n.n_episodes; ++b) {
    result.episodes.push_back(reader.read(b));
    result.lengths.push_back(result.episodes.back().length());
  }
  for (const core::Episode& episode : result.episodes) result.views.push_back(&episode);
  return result;
}

std::vector<double> read_params(const Npz& file, const std::string& prefix,
                                const nn::ParamLayout& layout) {
  std::vector<double> params(layout.size());
  std::size_t n_read = 0;
  for (const std::string& name : file.names_under(prefix)) {
    const Array& array = file.at(prefix + name);
    const nn::TensorSpec* tensor = layout.find(name);
    if (tensor == nullptr) tensor = layout.find(mixers::canonical_name(name));
    if (tensor == nullptr) throw Error(array.place() + ": the network has no such tensor");
    const std::vector<double> values = array.require_shape(tensor->shape()).as_doubles();
    std::ranges::copy(values, params.begin() + static_cast<std::ptrdiff_t>(tensor->offset));
    ++n_read;
  }
  if (n_read != layout.tensors().size()) {
    throw Error(file.source() + ": " + std::to_string(n_read) + " tensors below " + prefix +
                ", but the network has " + std::to_string(layout.tensors().size()));
  }
  return params;
}

}  // namespace qtot::test
