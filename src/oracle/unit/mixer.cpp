// A mixer alone: VDN, QMIX in the forms and under the names of PyMARL and PyMARL2, or PyMARL2's Qatten.

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "oracle/unit/unit.h"
#include "qtot/base/error.h"
#include "qtot/mixers/aliases.h"
#include "qtot/mixers/mixer.h"

namespace qtot::oracle::unit {
namespace {

using arrays::shape_text;
using math::Index;
using nlohmann::json;

constexpr std::size_t kMaxDim = std::size_t{1} << 16;
constexpr std::size_t kMaxProduct = std::size_t{1} << 24;  // elements of an intermediate array

[[noreturn]] void refuse(const std::string& place, const std::string& fault) {
  throw Error(place + ": " + fault);
}

constexpr std::string_view kQuery = "mixer.query_embedding_layers.";
constexpr std::string_view kKey = "mixer.key_embedding_layers.";
constexpr std::string_view kHead = "mixer.head_embedding_layer.";
constexpr std::string_view kValue = "mixer.constrant_value_layer.";

// The file's tensors by the names that qtot gives to them ("mixer.hyper_w1.0.weight").
using Names = std::map<std::string, std::string>;

Names peer_names(const arrays::Npz& file) {
  Names names;
  for (const std::string& peer_name : file.names_under("param/")) {
    const std::string name = mixers::canonical_name("mixer." + peer_name);
    const std::string place = file.at("param/" + peer_name).place();
    constexpr auto kKnown = std::to_array<std::string_view>(
        {"mixer.hyper_w", "mixer.hyper_b", kQuery, kKey, kHead, kValue});
    if (std::ranges::none_of(kKnown, [&](auto known) { return name.starts_with(known); })) {
      refuse(place, "neither vdn, qmix nor qatten, which are checked alone, has such a tensor");
    }
    const auto [at, is_new] = names.emplace(name, peer_name);
    if (!is_new) refuse(place, "the file has the same tensor as param/" + at->second);
  }
  return names;
}

struct Batch {
  std::size_t n_episodes = 0;  // B
  std::size_t n_steps = 0;     // T
  std::size_t n_agents = 0;    // A
  std::size_t state_dim = 0;   // S

  std::size_t n_rows() const { return n_episodes * n_steps; }
};

Batch batch_of(Unit& unit) {
  const Shape& qs = unit.input_of_rank("in/agent_qs", 3).shape();
  const arrays::Array& state = unit.input_of_rank("in/state", 3);
  const Batch batch = {qs[0], qs[1], qs[2], state.shape()[2]};
  state.require_shape({batch.n_episodes, batch.n_steps, batch.state_dim});
  unit.input("in/grad_out", {batch.n_episodes, batch.n_steps, 1});
  if (batch.n_agents > kMaxDim || batch.state_dim > kMaxDim) {
    refuse(unit.source(), "in/agent_qs " + shape_text(qs) + " and in/state " +
                              shape_text(state.shape()) + ": at most " + std::to_string(kMaxDim) +
                              " agents and numbers of state are allowed");
  }
  return batch;
}

// Rows of the weight of this name: the width of a layer.
int width_of(Unit& unit, const Names& names, const std::string& name) {
  const auto found = names.find(name);
  if (found == names.end()) {
    refuse(unit.source(),
           "no member under param/ is the mixer's " + name.substr(sizeof("mixer.") - 1));
  }
  const arrays::Array& weight = unit.input_of_rank("param/" + found->second, 2);
  if (weight.shape()[0] > kMaxDim) {
    refuse(weight.place(), "shape " + shape_text(weight.shape()) + ", at most " +
                               std::to_string(kMaxDim) + " rows are allowed");
  }
  return static_cast<int>(weight.shape()[0]);
}

bool has_second_layer(const Names& names) {
  return std::ranges::any_of(names, [](const auto& name) {
    return name.first.starts_with("mixer.hyper_w") && name.first.find(".2.") != std::string::npos;
  });
}

// What the configuration gives to `key` must be what the tensors say.
void require_agreement(const Unit& unit, const json& kw, const char* key, int found) {
  if (number_of(unit, kw, key, found) == found) return;
  refuse(unit.source() + ": meta: " + key,
         kw[key].dump() + ", but the tensors say " + std::to_string(found));
}

std::string positivity_of(const Unit& unit, const json& kw) {
  if (kw.contains("abs") && !kw["abs"].is_boolean()) {
    refuse(unit.source() + ": meta: abs", "expected true or false, found " + kw["abs"].dump());
  }
  const json function = kw.value("qmix_pos_func", json("abs"));
  if (function != "abs" && function != "softplus" && function != "quadratic") {
    refuse(unit.source() + ": meta: qmix_pos_func",
           "expected abs, softplus or quadratic, found " + function.dump());
  }
  return kw.value("abs", true) ? function.get<std::string>() : "none";
}

bool is_qatten(const Names& names) {
  const auto first = names.lower_bound(std::string(kQuery));
  return first != names.end() && first->first.starts_with(kQuery);
}

int n_heads_of(const Names& names) {
  int n = 0;
  while (names.contains(std::string(kQuery) + std::to_string(n) + ".0.weight")) ++n;
  return n;
}

// Sizes come from the tensors, the rest from meta.kw.
mixers::MixerConfig qatten_config(Unit& unit, const json& kw, const Names& names,
                                  mixers::MixerConfig config) {
  require_known_keys(
      unit, kw,
      {"n_query_embedding_layer1", "n_query_embedding_layer2", "n_key_embedding_layer1",
       "n_head_embedding_layer1", "n_head_embedding_layer2", "n_attention_head",
       "n_constrant_value", "type", "agent_own_state_size"});
  const json type = kw.value("type", json("weighted"));
  if (!type.is_string()) {
    refuse(unit.source() + ": meta: type", "expected text, found " + type.dump());
  }
  config.mixer = "qatten";
  config.weighted_heads = type == "weighted";
  config.n_heads = n_heads_of(names);
  config.query_hidden = width_of(unit, names, std::string(kQuery) + "0.0.weight");
  config.key_embed = width_of(unit, names, std::string(kKey) + "0.weight");
  config.head_hidden = width_of(unit, names, std::string(kHead) + "0.weight");
  config.value_hidden = width_of(unit, names, std::string(kValue) + "0.weight");
  config.unit_dim = static_cast<int>(std::min(
      kMaxDim, unit.file().at("param/" + names.at(std::string(kKey) + "0.weight")).shape()[1]));
  require_agreement(unit, kw, "n_query_embedding_layer1", config.query_hidden);
  require_agreement(unit, kw, "n_query_embedding_layer2", config.key_embed);
  require_agreement(unit, kw, "n_key_embedding_layer1", config.key_embed);
  require_agreement(unit, kw, "n_head_embedding_layer1", config.head_hidden);
  require_agreement(unit, kw, "n_head_embedding_layer2", config.n_heads);
  require_agreement(unit, kw, "n_attention_head", config.n_heads);
  require_agreement(unit, kw, "n_constrant_value", config.value_hidden);
  require_agreement(unit, kw, "agent_own_state_size", config.unit_dim);
  return config;
}

// Sizes come from the tensors. meta.kw has the rest, where it differs from the peers' defaults.
mixers::MixerConfig config_of(Unit& unit, const Batch& batch, const Names& names) {
  const json meta = unit.meta();
  const json kw = meta.value("kw", json::object());
  if (!kw.is_object()) refuse(unit.source() + ": meta: kw", "expected an object");
  mixers::MixerConfig config;
  config.n_agents = static_cast<int>(batch.n_agents);
  config.state_dim = static_cast<int>(batch.state_dim);
  if (is_qatten(names)) return qatten_config(unit, kw, names, config);
  require_known_keys(unit, kw,
                     {"mixing_embed_dim", "hypernet_embed", "hypernet_layers", "qmix_pos_func",
                      "qmix_pos_func_beta", "abs"});
  config.mixer = names.empty() ? "vdn" : "qmix";
  if (names.empty()) return config;

  config.mixing_embed_dim = width_of(unit, names, "mixer.hyper_b1.0.weight");
  config.hypernet_layers = has_second_layer(names) ? 2 : 1;
  if (config.hypernet_layers == 2) {
    config.hypernet_embed = width_of(unit, names, "mixer.hyper_w1.0.weight");
    require_agreement(unit, kw, "hypernet_embed", config.hypernet_embed);
  }
  require_agreement(unit, kw, "mixing_embed_dim", config.mixing_embed_dim);
  require_agreement(unit, kw, "hypernet_layers", config.hypernet_layers);
  config.positivity = positivity_of(unit, kw);
  config.softplus_beta = number_of(unit, kw, "qmix_pos_func_beta", 1);
  return config;
}

void require_room(const Unit& unit, const Batch& batch, const mixers::MixerConfig& config) {
  if (config.mixer == "vdn") return;
  const auto size = [](int n) { return static_cast<std::size_t>(n); };
  const bool attends = config.mixer == "qatten";
  const std::size_t width =
      attends
          ? size(config.n_heads) * std::max({batch.n_agents * size(config.key_embed),
                                             size(config.query_hidden), batch.state_dim})
          : std::max(batch.n_agents * size(config.mixing_embed_dim), size(config.hypernet_embed));
  if (batch.n_rows() <= kMaxProduct / width) return;
  refuse(unit.source(), std::to_string(batch.n_rows()) + " rows of " + std::to_string(width) +
                            " mixing weights: at most " + std::to_string(kMaxProduct) +
                            " numbers are allowed");
}

template <class T>
std::unique_ptr<mixers::Mixer<T>> mixer_of(const Unit& unit, const mixers::MixerConfig& config,
                                           nn::ParamLayout& layout) {
  try {
    return mixers::make_mixer<T>(config, layout);
  } catch (const Error& error) {
    refuse(unit.source(), error.what());
  }
}

template <class T>
std::vector<T> params_of(Unit& unit, const nn::ParamLayout& layout, const Names& names) {
  std::vector<T> params;
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    const auto found = names.find(tensor.name);
    if (found == names.end()) {
      refuse(unit.source(),
             "no member under param/ is the mixer's " + tensor.name.substr(sizeof("mixer.") - 1));
    }
    const std::vector<T> values =
        values_of<T>(unit.input("param/" + found->second, tensor.shape()));
    params.insert(params.end(), values.begin(), values.end());
  }
  return params;
}

}  // namespace

template <class T>
void check_mixer(Unit& unit) {
  const Names names = peer_names(unit.file());
  const Batch batch = batch_of(unit);
  const mixers::MixerConfig config = config_of(unit, batch, names);
  require_room(unit, batch, config);
  nn::ParamLayout layout;
  const auto mixer = mixer_of<T>(unit, config, layout);
  const std::vector<T> params = params_of<T>(unit, layout, names);
  std::vector<T> transposed(params.size());
  nn::transpose_params<T>(layout, params, transposed);
  const nn::Weights<T> w = {params.data(), transposed.data()};

  // [B, T, n] as [B T, n]
  const auto rows = static_cast<Index>(batch.n_rows());
  const auto n_agents = static_cast<Index>(batch.n_agents);
  const std::vector<T> agent_qs = values_of<T>(unit.file().at("in/agent_qs"));
  const std::vector<T> state = values_of<T>(unit.file().at("in/state"));
  const std::vector<T> d_q_tot = values_of<T>(unit.file().at("in/grad_out"));
  const mixers::MixerInputs<T> mixed = {
      .agent_qs = math::view(agent_qs.data(), rows, n_agents),
      .state = math::view(state.data(), rows, static_cast<Index>(batch.state_dim))};
  std::vector<T> q_tot(batch.n_rows()), d_agent_qs(agent_qs.size()), gradient(params.size());
  nn::Workspace<T> workspace;
  mixers::Tape<T> tape;
  mixer->forward(w, mixed, workspace, tape, math::view(q_tot.data(), rows, 1));
  mixer->backward(w, mixed, workspace, tape, math::view(d_q_tot.data(), rows, 1),
                  math::view(d_agent_qs.data(), rows, n_agents), gradient.data());

  const std::vector<double> d_qs = widened(d_agent_qs);
  const std::vector<double> d_params = widened(gradient);
  unit.set_largest_gradient(largest_of(d_params, largest_of(d_qs)));
  unit.compare("", "q_tot", Kind::kValue, {batch.n_episodes, batch.n_steps, 1}, widened(q_tot));
  unit.compare("", "grad_agent_qs", Kind::kGradient,
               {batch.n_episodes, batch.n_steps, batch.n_agents}, d_qs);
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    const std::string output = "grad/" + names.at(tensor.name);
    if (is_rounding_noise(tensor.name)) {
      unit.know("f32/" + output);
      unit.know("f64/" + output);
      continue;
    }
    const bool is_unused = !config.weighted_heads && tensor.name.starts_with(kHead);
    if (is_unused && !unit.file().contains(unit.outputs() + output)) continue;
    unit.compare("", output, Kind::kGradient, tensor.shape(),
                 std::span(d_params).subspan(tensor.offset, tensor.size()));
  }
}

#define QTOT_INSTANTIATE(T) template void check_mixer<T>(Unit&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::oracle::unit
