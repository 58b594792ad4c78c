#include "qtot/oracle/case.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "oracle/case_config.h"
#include "oracle/episode_reader.h"
#include "qtot/arrays/safetensors.h"
#include "qtot/base/error.h"
#include "qtot/mixers/aliases.h"

namespace qtot::oracle {
namespace {

const nn::TensorSpec* tensor_of(const nn::ParamLayout& layout, const std::string& name) {
  const nn::TensorSpec* tensor = layout.find(name);
  return tensor != nullptr ? tensor : layout.find(mixers::canonical_name(name));
}

// "agent.fc1.weight" is the online network's; "target.", "tparam/" and "param/" say which
std::string case_name(const std::string& name) {
  return name.starts_with("param/") || name.starts_with("tparam/") ? name : "param/" + name;
}

void take_safetensors(const std::filesystem::path& path, arrays::Npz& file) {
  for (const std::string prefix : {"param/", "tparam/"}) {
    for (const std::string& name : file.names_under(prefix)) file.erase(prefix + name);
  }
  for (const arrays::Array& array : arrays::read_safetensors(path)) {
    file.set(arrays::Array(case_name(array.name()), array.dtype(), array.shape(),
                           {array.raw().begin(), array.raw().end()}, path.string()));
  }
}

// Present, they count, unless the case says that they do not.
std::vector<double> read_weights(const arrays::Npz& file, std::size_t n_episodes,
                                 std::optional<bool> use) {
  const char* const name = "in/per_weight";
  const bool required = use.value_or(false);
  if (!use.value_or(true)) return {};
  if (!file.contains(name)) {
    if (required) throw Error(file.source() + ": use_per asks for " + name + ", which is missing");
    return {};
  }
  const arrays::Array& array = file.at(name);
  const std::vector<double> weights = array.as_doubles();
  if (weights.size() != n_episodes) {
    throw Error(array.place() + ": expected " + std::to_string(n_episodes) +
                " numbers, one an episode, found shape " + arrays::shape_text(array.shape()));
  }
  for (const double weight : weights) {
    if (!std::isfinite(weight) || weight < 0) {
      throw Error(array.place() + ": a weight must be finite and at least 0, found " +
                  std::to_string(weight));
    }
  }
  return weights;
}

void require_behaviour(const Case& input) {
  const char* const name = "in/behaviour_probs";
  if (!learner::weighs_by_behaviour(input.learner.returns) || input.file.contains(name)) return;
  throw Error(input.file.source() + ": returns = retrace or importance_sampling asks for " + name +
              " [B,T1,N,1], which is missing");
}

}  // namespace

std::vector<const core::Episode*> Case::batch() const {
  std::vector<const core::Episode*> views;
  for (const core::Episode& episode : episodes) views.push_back(&episode);
  return views;
}

Case load_case(const std::filesystem::path& path, const CaseOptions& options) {
  return make_case(arrays::Npz::load(path), options);
}

Case make_case(arrays::Npz file, const CaseOptions& options) {
  Case result;
  result.file = std::move(file);
  if (!options.params.empty()) take_safetensors(options.params, result.file);
  const std::string source = result.file.source();
  const BatchSizes sizes = batch_sizes(result.file);
  result.n_slots = sizes.n_slots;
  result.spec = sizes.spec();
  std::optional<bool> use_weights;
  try {
    use_weights = read_config(result.file.json("meta"), options.with, result);
  } catch (const Error& error) {
    const std::string what = error.what();
    if (what.starts_with(source)) throw;
    throw Error(source + ": " + what, error.exit_code());
  }
  result.learner.padded_length = static_cast<int>(result.n_steps());
  result.episodes = read_episodes(result.file, sizes);
  require_behaviour(result);
  result.weights = read_weights(result.file, sizes.n_episodes, use_weights);
  result.uses_weights = !result.weights.empty();

  result.layout =
      learner::make_network<double>(result.agent, result.mixer, result.objective).layout;
  result.params = read_params(result.file, "param/", result.layout);
  result.target_params = result.file.names_under("tparam/").empty()
                             ? result.params
                             : read_params(result.file, "tparam/", result.layout);
  return result;
}

std::vector<double> read_params(const arrays::Npz& file, const std::string& prefix,
                                const nn::ParamLayout& layout) {
  const std::vector<std::string> names = file.names_under(prefix);
  std::vector<const nn::TensorSpec*> found;
  for (const std::string& name : names) {
    const arrays::Array& array = file.at(prefix + name);
    const nn::TensorSpec* tensor = tensor_of(layout, name);
    if (tensor == nullptr) throw Error(array.place() + ": the network has no such tensor");
    if (std::ranges::find(found, tensor) != found.end()) {
      throw Error(array.place() + ": stands twice, as an alias, too");
    }
    array.require_shape(tensor->shape());
    found.push_back(tensor);
  }
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    if (std::ranges::find(found, &tensor) == found.end()) {
      throw Error(file.source() + ": no member " + prefix + tensor.name + " of shape " +
                  arrays::shape_text(tensor.shape()));
    }
  }
  std::vector<double> params(layout.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::ranges::copy(file.at(prefix + names[i]).as_doubles(),
                      params.begin() + static_cast<std::ptrdiff_t>(found[i]->offset));
  }
  return params;
}

std::pair<const nn::TensorSpec*, std::vector<double>> read_param(const arrays::Npz& file,
                                                                 const std::string& prefix,
                                                                 const std::string& name,
                                                                 const nn::ParamLayout& layout) {
  const arrays::Array& array = file.at(prefix + name);
  const nn::TensorSpec* tensor = tensor_of(layout, name);
  if (tensor == nullptr) throw Error(array.place() + ": the network has no such tensor");
  return {tensor, array.require_shape(tensor->shape()).as_doubles()};
}

bool has_outputs(const Case& input, const std::string& dtype) {
  return !input.file.names_under(dtype + "/").empty();
}

}  // namespace qtot::oracle
