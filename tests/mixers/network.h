#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "qtot/mixers/mixer.h"

namespace qtot::mixers {

using math::ConstMatView;
using math::Index;
using math::Mat;

/// Uniform in [-1, 1): the engine's bits are fixed by the standard.
inline double uniform(std::mt19937_64& rng) {
  return static_cast<double>(rng() >> 11) * 0x1p-52 - 1;
}

template <class T>
Mat<T> random_matrix(Index rows, Index cols, std::mt19937_64& rng) {
  Mat<T> m(rows, cols);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = static_cast<T>(uniform(rng));
  return m;
}

template <class To, class From>
Mat<To> convert(const Mat<From>& m) {
  return m.template cast<To>();
}

/// A mixer with its parameters, and what one pass through it gives.
template <class T>
class Network {
 public:
  explicit Network(const MixerConfig& config)
      : mixer(make_mixer<T>(config, layout)), n_actions_(config.n_actions) {
    params.resize(layout.size());
    nn::initialise<T>(layout, 7, params);
  }

  /// Every parameter uniform in +-0.5. PyTorch's own initialisation would do, but leaves the biases of
  /// an orthogonal network on the kinks.
  void randomise(std::mt19937_64& rng) {
    for (T& p : params) p = static_cast<T>(0.5 * uniform(rng));
  }

  Mat<T> forward(const Mat<T>& agent_qs, const Mat<T>& state) {
    transposed_.resize(params.size());
    nn::transpose_params<T>(layout, params, transposed_);
    workspace_.reset();
    Mat<T> q_tot = Mat<T>::Constant(agent_qs.rows(), mixer->n_outputs(), T(99));
    mixer->forward(weights(), inputs(agent_qs, state), workspace_, tape_, math::view(q_tot));
    return q_tot;
  }

  /// After forward() with the same inputs. Fills d_agent_qs and gradient.
  void backward(const Mat<T>& agent_qs, const Mat<T>& state, const Mat<T>& d_q_tot) {
    d_agent_qs = Mat<T>::Constant(agent_qs.rows(), agent_qs.cols(), T(99));
    gradient.assign(params.size(), T(99));
    mixer->backward(weights(), inputs(agent_qs, state), workspace_, tape_, math::view(d_q_tot),
                    math::view(d_agent_qs), gradient.data());
  }

  /// The mixer's regulariser, its gradient times `factor` added to `gradient`.
  math::Sum<T> add_regulariser(const Mat<T>& state, T factor) {
    transposed_.resize(params.size());
    nn::transpose_params<T>(layout, params, transposed_);
    workspace_.reset();
    return mixer->add_regulariser(weights(), math::view(state), factor, workspace_,
                                  gradient.data());
  }

  T* tensor(const std::string& name) { return params.data() + spec(name).offset; }
  const T* gradient_of(const std::string& name) { return gradient.data() + spec(name).offset; }
  const nn::TensorSpec& spec(const std::string& name) const {
    const nn::TensorSpec* found = layout.find(name);
    if (found == nullptr) throw std::runtime_error("no tensor " + name);
    return *found;
  }

  nn::ParamLayout layout;
  std::unique_ptr<Mixer<T>> mixer;
  std::vector<T> params;
  std::vector<T> gradient;
  Mat<T> d_agent_qs;

  // What a mixer that asks for it is told of the actions, where the test sets has_own_actions.
  bool has_own_actions = false;
  Mat<T> best_qs;                     // [M, N]
  std::vector<std::int32_t> columns;  // [M, N]

  const Tape<T>& tape() const { return tape_; }

  // A function of the row alone, unless the test says what the agents did: agents with a positive value
  // have chosen action 1, the others action 0, and something was worth 0.5.
  MixerInputs<T> inputs(const Mat<T>& agent_qs, const Mat<T>& state) {
    if (!mixer->reads_actions()) {
      return {.agent_qs = math::view(agent_qs), .state = math::view(state)};
    }
    const Index n_agents = agent_qs.cols();
    if (!has_own_actions) {
      best_qs = agent_qs.max(T(0.5));
      columns.resize(static_cast<std::size_t>(agent_qs.size()));
      for (Index i = 0; i < agent_qs.size(); ++i) {
        columns[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(
            (i % n_agents) * n_actions_ + (agent_qs.data()[i] > T(0) ? 1 : 0));
      }
    }
    return {
        .agent_qs = math::view(agent_qs),
        .state = math::view(state),
        .best_qs = math::view(std::as_const(best_qs)),
        .joint_action = {.columns = columns.data(), .rows = agent_qs.rows(), .per_row = n_agents}};
  }

 private:
  nn::Weights<T> weights() const { return {params.data(), transposed_.data()}; }

  Index n_actions_;
  std::vector<T> transposed_;
  nn::Workspace<T> workspace_;
  Tape<T> tape_;
};

/// A configuration and the name of the tests that run over it.
struct Case {
  std::string name;
  MixerConfig config;
};

/// The other forms of qmix: each switch alone, and combinations of those that meet in one sum.
inline std::vector<Case> forms_of_qmix(const MixerConfig& base) {
  std::vector<Case> cases;
  const auto add = [&](const std::string& name, const std::function<void(MixerConfig&)>& change) {
    cases.push_back({"qmix_" + name, base});
    change(cases.back().config);
  };
  for (const char* activation : {"relu", "tanh", "none"}) {
    add(activation, [=](MixerConfig& c) { c.activation = activation; });
    add(std::string(activation) + "_bias_after_of_abs", [=](MixerConfig& c) {
      c.activation = activation;
      c.bias_place = "after";
      c.abs_b1 = true;
    });
  }
  for (const char* positivity_final : {"softplus", "quadratic", "none"}) {
    add(std::string("abs_then_") + positivity_final,
        [=](MixerConfig& c) { c.positivity_final = positivity_final; });
    add(std::string(positivity_final) + "_then_abs", [=](MixerConfig& c) {
      c.positivity = positivity_final;
      c.positivity_final = "abs";
    });
  }
  add("bias_after", [](MixerConfig& c) { c.bias_place = "after"; });
  add("bias_after_softplus", [](MixerConfig& c) {
    c.bias_place = "after";
    c.positivity = "softplus";
  });
  add("abs_b1", [](MixerConfig& c) { c.abs_b1 = true; });
  add("abs_v", [](MixerConfig& c) { c.abs_v = true; });
  add("no_v", [](MixerConfig& c) { c.state_value = false; });
  add("no_abs_v", [](MixerConfig& c) {
    c.state_value = false;
    c.abs_v = true;
  });
  return cases;
}

/// Every line of mixers.def with every combination of the options that it reads. Small sizes, none
/// equal to another, so that a transposition shows.
inline std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const MixerFamily& family : families()) {
    MixerConfig config;
    config.mixer = family.name;
    config.n_agents = 3;
    config.state_dim = 5;
    config.mixing_embed_dim = 4;
    config.hypernet_embed = 6;
    config.softplus_beta = 2;
    if (family.name == "iql" || family.name == "vdn" || family.name == "vdn_s") {
      cases.push_back({family.name, config});
      continue;
    }
    if (family.name == "qplex") {
      config.n_actions = 2;
      config.n_kernels = 2;
      config.kernel_hidden = 7;
      for (const int layers : {1, 2, 3}) {
        config.kernel_layers = layers;
        cases.push_back({"qplex_" + std::to_string(layers), config});
      }
      config.advantage_minus_one = false;
      cases.push_back({"qplex_without_minus_one", config});
      config.weighted_agents = false;
      cases.push_back({"qplex_unweighted", config});
      continue;
    }
    if (family.name == "qplex_qatten") {
      config.n_actions = 2;
      config.n_kernels = 2;
      config.kernel_hidden = 7;
      config.kernel_layers = 1;
      config.unit_dim = 1;
      config.n_heads = 2;
      cases.push_back({"qplex_qatten_weighted", config});
      config.weighted_heads = false;
      cases.push_back({"qplex_qatten_unweighted", config});
      config.state_bias = false;
      cases.push_back({"qplex_qatten_without_bias", config});
      continue;
    }
    if (family.name == "qatten") {
      config.unit_dim = 1;
      config.n_heads = 2;
      config.query_hidden = 6;
      config.key_embed = 4;
      config.head_hidden = 7;
      config.value_hidden = 8;
      cases.push_back({"qatten_weighted", config});
      config.weighted_heads = false;
      cases.push_back({"qatten_unweighted", config});
      continue;
    }
    for (const char* positivity : {"abs", "softplus", "quadratic", "none"}) {
      for (const bool variant : {false, true}) {
        Case c = {family.name + "_" + positivity, config};
        c.config.positivity = positivity;
        if (family.name == "qmix_ns") {
          c.config.ns_state_bias = variant;
          c.name += variant ? "_state_bias" : "_constant_bias";
        } else {
          c.config.hypernet_layers = variant ? 2 : 1;
          c.name += variant ? "_2_layers" : "_1_layer";
        }
        cases.push_back(c);
      }
    }
    if (family.name == "qmix") {
      for (const Case& form : forms_of_qmix(config)) cases.push_back(form);
    }
  }
  return cases;
}

inline std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

}  // namespace qtot::mixers
