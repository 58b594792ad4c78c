// The mixers alone against PyMARL's and PyMARL2's: outputs, slopes and gradients in float and double.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "qtot/mixers/aliases.h"
#include "qtot/mixers/mixer.h"
#include "support/agreement.h"
#include "support/vectors.h"

namespace qtot::test {
namespace {

using math::Index;
using math::Mat;

// meta.kw holds what differs from the peers' defaults.
mixers::MixerConfig config_of(const Npz& file) {
  const nlohmann::json meta = file.json("meta");
  const nlohmann::json& kw = meta.at("kw");
  mixers::MixerConfig config;
  config.mixer = file.names_under("param/").empty() ? "vdn" : "qmix";
  config.n_agents = meta.at("shape").at("A").get<int>();
  config.state_dim = meta.at("shape").at("S").get<int>();
  config.mixing_embed_dim = kw.value("mixing_embed_dim", 32);
  config.hypernet_embed = kw.value("hypernet_embed", 64);
  config.hypernet_layers = kw.value("hypernet_layers", 2);
  config.positivity = kw.value("qmix_pos_func", "abs");
  config.softplus_beta = kw.value("qmix_pos_func_beta", 1.0);
  return config;
}

// [B, T, n] as [B T, n]
template <class T>
Mat<T> rows_of(const Array& array) {
  const std::vector<T> values = input_as<T>(array);
  const auto cols = static_cast<Index>(array.shape().at(2));
  return math::view(values.data(), static_cast<Index>(values.size()) / cols, cols);
}

template <class T>
void compare(const Npz& file) {
  SCOPED_TRACE(file.source() + " " + outputs_of<T>());
  nn::ParamLayout layout;
  const auto mixer = mixers::make_mixer<T>(config_of(file), layout);

  // the file's tensors, each by its name here
  std::vector<T> params(layout.size());
  std::vector<T> transposed(layout.size());
  std::map<std::string, std::string> peer_names;
  for (const std::string& peer_name : file.names_under("param/")) {
    const std::string name = mixers::canonical_name("mixer." + peer_name);
    const nn::TensorSpec* tensor = layout.find(name);
    ASSERT_NE(tensor, nullptr) << peer_name << " became " << name;
    const std::vector<T> values =
        input_as<T>(file.at("param/" + peer_name).require_shape(tensor->shape()));
    std::copy(values.begin(), values.end(),
              params.begin() + static_cast<std::ptrdiff_t>(tensor->offset));
    peer_names[name] = peer_name;
  }
  ASSERT_EQ(peer_names.size(), layout.tensors().size());
  nn::transpose_params<T>(layout, params, transposed);
  const nn::Weights<T> w = {params.data(), transposed.data()};

  const Mat<T> agent_qs = rows_of<T>(file.at("in/agent_qs"));
  const Mat<T> state = rows_of<T>(file.at("in/state"));
  const Mat<T> d_q_tot = rows_of<T>(file.at("in/grad_out"));
  Mat<T> q_tot(agent_qs.rows(), 1);
  Mat<T> d_agent_qs(agent_qs.rows(), agent_qs.cols());
  std::vector<T> gradient(layout.size());
  nn::Workspace<T> workspace;
  mixers::Tape<T> tape;
  mixer->forward(w, math::view(agent_qs), math::view(state), workspace, tape, math::view(q_tot));
  mixer->backward(w, math::view(agent_qs), math::view(state), workspace, tape, math::view(d_q_tot),
                  math::view(d_agent_qs), gradient.data());

  Agreement agreement = agreement_of<T>();
  const auto check = [&](const std::string& name, Kind kind, const T* ours, std::size_t size) {
    const std::string member = outputs_of<T>() + name;
    agreement.compare(member, kind, widen(std::span<const T>(ours, size)),
                      file.at(member).as_doubles());
  };
  double largest = 0;
  for (const T g : gradient) largest = std::max(largest, std::abs(static_cast<double>(g)));
  agreement.set_largest_gradient(largest);
  check("q_tot", Kind::kValue, q_tot.data(), static_cast<std::size_t>(q_tot.size()));
  check("grad_agent_qs", Kind::kGradient, d_agent_qs.data(),
        static_cast<std::size_t>(d_agent_qs.size()));
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    check("grad/" + peer_names.at(tensor.name), Kind::kGradient, gradient.data() + tensor.offset,
          tensor.size());
  }
  expect_agreement(agreement);
}

void compare_both(const std::filesystem::path& path) {
  const Npz file = Npz::load(path);
  compare<double>(file);
  compare<float>(file);
}

TEST(MixerVectors, CommittedFilesAgree) {
  for (const char* name : {"unit_mixer_vdn", "unit_mixer_qmix_1layer", "unit_mixer_qmix_2layer",
                           "unit_mixer_nmix_quadratic", "unit_mixer_nmix_softplus"}) {
    compare_both(committed_vector(name));
  }
}

TEST(MixerVectors, FullSetAgrees) {
  for (const char* prefix : {"unit_mixer_vdn", "unit_mixer_qmix", "unit_mixer_nmix"}) {
    for_full_vectors(prefix, compare_both);
  }
}

}  // namespace
}  // namespace qtot::test
