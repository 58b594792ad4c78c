#include "mixers/registry.h"

#include <cstdint>
#include <initializer_list>
#include <sstream>
#include <string_view>

#include "qtot/base/error.h"

namespace qtot::mixers {
namespace {

constexpr int kMaxSize = 1 << 16;  // of any one dimension: what a configuration file may ask for
constexpr double kMinBeta = 1e-3;  // within these softplus is neither a constant nor a relu
constexpr double kMaxBeta = 1e3;

void require_size(const char* key, int value) {
  if (value >= 1 && value <= kMaxSize) return;
  throw Error(std::string(key) + " = " + std::to_string(value) + ": must be in [1, " +
              std::to_string(kMaxSize) + "]");
}

[[noreturn]] void refuse_name(const std::string& mixer) {
  std::string names;
  for (const MixerFamily& family : families()) names += (names.empty() ? "" : ", ") + family.name;
  throw Error("mixer = " + mixer + ": no such mixer; expected one of " + names);
}

void require_name(const char* key, const std::string& value,
                  std::initializer_list<std::string_view> known) {
  std::string names;
  for (const std::string_view name : known) {
    if (value == name) return;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(std::string(key) + " = " + value + ": must be one of " + names);
}

void require_positivity(const MixerConfig& config) {
  const std::initializer_list<std::string_view> kinds = {"abs", "softplus", "quadratic", "none"};
  require_name("positivity", config.positivity, kinds);
  if (!config.positivity_final.empty()) {
    require_name("positivity_final", config.positivity_final, kinds);
  }
  if (!(config.softplus_beta >= kMinBeta && config.softplus_beta <= kMaxBeta)) {
    std::ostringstream sentence;
    sentence << "softplus_beta = " << config.softplus_beta << ": must be in [" << kMinBeta << ", "
             << kMaxBeta << "]";
    throw Error(sentence.str());
  }
}

bool attends(const MixerConfig& config) {
  return config.mixer == "qatten" || config.mixer == "qplex_qatten";
}

// What each agent has of the state if nothing says so: an equal share.
int unit_dim_of(const MixerConfig& config) {
  if (config.unit_dim != 0) return config.unit_dim;
  if (config.state_dim % config.n_agents == 0) return config.state_dim / config.n_agents;
  throw Error("unit_dim = 0: the " + std::to_string(config.state_dim) +
              " numbers of the state do not divide among " + std::to_string(config.n_agents) +
              " agents; say how many of its first numbers belong to each");
}

void require_units(const MixerConfig& config) {
  require_size("n_attention_head", config.n_heads);
  require_size("state_dim", config.state_dim);
  const int unit_dim = unit_dim_of(config);
  require_size("unit_dim", unit_dim);
  const std::int64_t needed = std::int64_t{config.n_agents} * unit_dim;
  if (needed <= config.state_dim) return;
  throw Error("unit_dim = " + std::to_string(unit_dim) + ": " + std::to_string(config.n_agents) +
              " agents take " + std::to_string(needed) + " numbers of the state, which has " +
              std::to_string(config.state_dim));
}

void require_qatten(const MixerConfig& config) {
  require_size("n_query_embedding_layer1", config.query_hidden);
  require_size("n_key_embedding_layer1", config.key_embed);
  require_size("n_head_embedding_layer1", config.head_hidden);
  require_size("n_constrant_value", config.value_hidden);
  require_units(config);
}

void require_kernels(const MixerConfig& config) {
  require_size("state_dim", config.state_dim);
  require_size("n_actions", config.n_actions);
  require_size("hypernet_embed", config.hypernet_embed);
  require_size("num_kernel", config.n_kernels);
  require_size("adv_hypernet_embed", config.kernel_hidden);
  if (config.kernel_layers >= 1 && config.kernel_layers <= 3) return;
  throw Error("adv_hypernet_layers = " + std::to_string(config.kernel_layers) +
              ": must be 1, 2 or 3");
}

void check(const MixerConfig& config) {
  require_size("n_agents", config.n_agents);
  if (config.mixer == "iql" || config.mixer == "vdn") return;  // nothing else is read

  if (config.mixer != "qmix_ns" || config.ns_state_bias)
    require_size("state_dim", config.state_dim);
  if (config.mixer == "qatten") return require_qatten(config);
  if (config.mixer == "qplex_qatten") {
    require_size("mixing_embed_dim", config.mixing_embed_dim);
    require_units(config);
    return require_kernels(config);
  }
  if (config.mixer == "qplex") return require_kernels(config);
  require_size("mixing_embed_dim", config.mixing_embed_dim);
  require_positivity(config);
  if (config.hypernet_layers != 1 && config.hypernet_layers != 2) {
    throw Error("hypernet_layers = " + std::to_string(config.hypernet_layers) + ": must be 1 or 2");
  }
  if (config.hypernet_layers == 2) require_size("hypernet_embed", config.hypernet_embed);
  require_name("activation", config.activation, {"elu", "relu", "tanh", "none"});
  require_name("bias_place", config.bias_place, {"before", "after"});
}

}  // namespace

const std::vector<MixerFamily>& families() {
  static const std::vector<MixerFamily> all = {
#define QTOT_MIXER(name, summary) {#name, summary},
#include "mixers/mixers.def"
#undef QTOT_MIXER
  };
  return all;
}

template <class T>
std::unique_ptr<Mixer<T>> make_mixer(const MixerConfig& config, nn::ParamLayout& layout) {
  MixerConfig resolved = config;
#define QTOT_MIXER(name, summary)                                 \
  if (config.mixer == #name) {                                    \
    check(config);                                                \
    if (attends(config)) resolved.unit_dim = unit_dim_of(config); \
    return make_##name<T>(resolved, layout);                      \
  }
#include "mixers/mixers.def"
#undef QTOT_MIXER
  refuse_name(config.mixer);
}

#define QTOT_INSTANTIATE(T) \
  template std::unique_ptr<Mixer<T>> make_mixer<T>(const MixerConfig&, nn::ParamLayout&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
