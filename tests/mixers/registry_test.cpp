#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "mixers/network.h"
#include "qtot/base/error.h"
#include "qtot/mixers/aliases.h"

namespace qtot::mixers {
namespace {

using testing::ElementsAre;

MixerConfig small() {
  return {.n_agents = 3, .state_dim = 5, .mixing_embed_dim = 4, .hypernet_embed = 6};
}

std::vector<std::string> names(const MixerConfig& config) {
  nn::ParamLayout layout;
  make_mixer<float>(config, layout);
  std::vector<std::string> all;
  for (const nn::TensorSpec& tensor : layout.tensors()) all.push_back(tensor.name);
  return all;
}

std::string sentence(const std::function<void(MixerConfig&)>& change) {
  MixerConfig config = small();
  change(config);
  try {
    nn::ParamLayout layout;
    make_mixer<double>(config, layout);
  } catch (const Error& e) {
    EXPECT_EQ(e.exit_code(), ExitCode::kBadInput);
    return e.what();
  }
  return "no error";
}

TEST(Registry, EveryFamilySaysItsNameAndWhatItIs) {
  std::vector<std::string> all;
  for (const MixerFamily& family : families()) {
    all.push_back(family.name);
    EXPECT_FALSE(family.summary.empty());
  }
  EXPECT_THAT(all, testing::IsSupersetOf({"iql", "vdn", "vdn_s", "qmix", "qmix_lin", "qmix_ns"}));
}

TEST(Registry, RefusesInOneSentence) {
  EXPECT_THAT(sentence([](auto& c) { c.mixer = "qmxi"; }),
              testing::StartsWith(
                  "mixer = qmxi: no such mixer; expected one of iql, vdn, vdn_s, qmix, qmix_lin"));
  EXPECT_EQ(sentence([](auto& c) { c.n_agents = 0; }), "n_agents = 0: must be in [1, 65536]");
  EXPECT_EQ(sentence([](auto& c) { c.state_dim = 0; }), "state_dim = 0: must be in [1, 65536]");
  EXPECT_EQ(sentence([](auto& c) { c.mixing_embed_dim = 70000; }),
            "mixing_embed_dim = 70000: must be in [1, 65536]");
  EXPECT_EQ(sentence([](auto& c) { c.hypernet_embed = -1; }),
            "hypernet_embed = -1: must be in [1, 65536]");
  EXPECT_EQ(sentence([](auto& c) { c.hypernet_layers = 3; }),
            "hypernet_layers = 3: must be 1 or 2");
  EXPECT_EQ(sentence([](auto& c) { c.positivity = "exp"; }),
            "positivity = exp: must be one of abs, softplus, quadratic, none");
  EXPECT_EQ(sentence([](auto& c) { c.positivity_final = "exp"; }),
            "positivity_final = exp: must be one of abs, softplus, quadratic, none");
  EXPECT_EQ(sentence([](auto& c) { c.activation = "gelu"; }),
            "activation = gelu: must be one of elu, relu, tanh, none");
  EXPECT_EQ(sentence([](auto& c) { c.bias_place = "behind"; }),
            "bias_place = behind: must be one of before, after");
  EXPECT_EQ(sentence([](auto& c) { c.softplus_beta = 0; }),
            "softplus_beta = 0: must be in [0.001, 1000]");
  EXPECT_EQ(sentence([](auto& c) { c.softplus_beta = std::numeric_limits<double>::quiet_NaN(); }),
            "softplus_beta = nan: must be in [0.001, 1000]");
}

TEST(Registry, ARefusedConfigurationLeavesTheLayoutAlone) {
  MixerConfig config = small();
  config.hypernet_embed = 0;
  nn::ParamLayout layout;
  EXPECT_THROW(make_mixer<float>(config, layout), Error);
  EXPECT_EQ(layout.size(), 0u);
}

TEST(Registry, MixersThatReadNoStateNeedNone) {
  for (const char* mixer : {"iql", "vdn", "qmix_ns"}) {
    EXPECT_EQ(sentence([mixer](auto& c) {
                c.mixer = mixer;
                c.state_dim = 0;
              }),
              "no error");
  }
}

TEST(Registry, TensorsFollowThoseOfTheAgent) {
  nn::ParamLayout layout;
  layout.add_vector("agent.fc1.bias", 10, {});
  make_mixer<float>(small(), layout);
  EXPECT_EQ(layout.find("mixer.hyper_w1.0.weight")->offset, 10u);
}

TEST(Names, OfQmixAreThoseOfPymarl2InItsOrder) {
  EXPECT_THAT(
      names(small()),
      ElementsAre("mixer.hyper_w1.0.weight", "mixer.hyper_w1.0.bias", "mixer.hyper_w1.2.weight",
                  "mixer.hyper_w1.2.bias", "mixer.hyper_b1.0.weight", "mixer.hyper_b1.0.bias",
                  "mixer.hyper_w2.0.weight", "mixer.hyper_w2.0.bias", "mixer.hyper_w2.2.weight",
                  "mixer.hyper_w2.2.bias", "mixer.hyper_b2.0.weight", "mixer.hyper_b2.0.bias",
                  "mixer.hyper_b2.2.weight", "mixer.hyper_b2.2.bias"));
}

// A form that leaves a part out still has its tensors, so that foreign parameters fit.
TEST(Names, AreTheSameInEveryFormOfQmix) {
  const std::vector<std::string> expected = names(small());
  for (const Case& form : forms_of_qmix(small()))
    EXPECT_EQ(names(form.config), expected) << form.name;
}

TEST(Names, ShapesAreOutTimesIn) {
  const Network<float> net(small());
  EXPECT_THAT(net.spec("mixer.hyper_w1.0.weight").shape(), ElementsAre(6, 5));
  EXPECT_THAT(net.spec("mixer.hyper_w1.2.weight").shape(), ElementsAre(3 * 4, 6));
  EXPECT_THAT(net.spec("mixer.hyper_w1.2.bias").shape(), ElementsAre(3 * 4));
  EXPECT_THAT(net.spec("mixer.hyper_b2.2.weight").shape(), ElementsAre(1, 4));
}

TEST(Names, OfPymarlAreAliases) {
  EXPECT_EQ(canonical_name("mixer.hyper_w_1.0.weight"), "mixer.hyper_w1.0.weight");
  EXPECT_EQ(canonical_name("mixer.hyper_w_1.2.bias"), "mixer.hyper_w1.2.bias");
  EXPECT_EQ(canonical_name("mixer.hyper_w_final.2.weight"), "mixer.hyper_w2.2.weight");
  EXPECT_EQ(canonical_name("mixer.hyper_b_1.weight"), "mixer.hyper_b1.0.weight");
  EXPECT_EQ(canonical_name("mixer.V.0.bias"), "mixer.hyper_b2.0.bias");
  EXPECT_EQ(canonical_name("V.2.weight"), "hyper_b2.2.weight");
}

TEST(Names, OfPymarlsHypernetworksOfOneLayerHaveNoIndex) {
  EXPECT_EQ(canonical_name("mixer.hyper_w_1.weight"), "mixer.hyper_w1.0.weight");
  EXPECT_EQ(canonical_name("hyper_w_final.bias"), "hyper_w2.0.bias");
}

TEST(Names, ThatAreNoAliasStayAsTheyAre) {
  for (const char* name : {"mixer.hyper_w1.0.weight", "agent.fc1.weight", "mixer.w1", "mixer.Vx.0",
                           "mixer.hyper_w_10.weight", "mixer.V", "mixer.", ""}) {
    EXPECT_EQ(canonical_name(name), name);
  }
}

TEST(Initialisation, IsThatOfPytorchsLinear) {
  const Network<double> net(small());
  for (const nn::TensorSpec& tensor : net.layout.tensors()) {
    EXPECT_EQ(tensor.init.kind, nn::Init::kUniform) << tensor.name;
    const bool is_second = tensor.name.find(".2.") != std::string::npos;
    const double fan_in = !is_second ? 5 : tensor.name.find("_b2") != std::string::npos ? 4 : 6;
    EXPECT_DOUBLE_EQ(tensor.init.scale * tensor.init.scale * fan_in, 1) << tensor.name;
  }
}

// W W^T = 1 for a weight with no more rows than columns, W^T W = 1 otherwise; biases are 0.
TEST(Initialisation, MayBeOrthogonal) {
  for (const char* mixer : {"vdn_s", "qmix", "qmix_lin", "qmix_ns"}) {
    MixerConfig config = small();
    config.mixer = mixer;
    config.orthogonal = true;
    const Network<double> net(config);
    for (const nn::TensorSpec& tensor : net.layout.tensors()) {
      const auto w = math::view(net.params.data() + tensor.offset, tensor.rows, tensor.cols);
      if (!tensor.is_matrix) {
        EXPECT_TRUE((w == 0).all()) << tensor.name;
        continue;
      }
      const bool is_wide = tensor.rows <= tensor.cols;
      const Index n = is_wide ? tensor.rows : tensor.cols;
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j) {
          const double dot = is_wide ? (w.row(i) * w.row(j)).sum() : (w.col(i) * w.col(j)).sum();
          EXPECT_NEAR(dot, i == j ? 1 : 0, 1e-12) << mixer << " " << tensor.name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace qtot::mixers
