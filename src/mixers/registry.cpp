#include "mixers/registry.h"

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

void check(const MixerConfig& config) {
  require_size("n_agents", config.n_agents);
  if (config.mixer == "iql" || config.mixer == "vdn") return;  // nothing else is read

  if (config.mixer != "qmix_ns" || config.ns_state_bias)
    require_size("state_dim", config.state_dim);
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
#define QTOT_MIXER(name, summary)          \
  if (config.mixer == #name) {             \
    check(config);                         \
    return make_##name<T>(config, layout); \
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
