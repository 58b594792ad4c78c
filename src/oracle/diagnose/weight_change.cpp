#include "oracle/diagnose/weight_change.h"

#include <algorithm>
#include <array>
#include <string>

#include "qtot/math/scalars.h"

namespace qtot::oracle {
namespace {

using math::ConstMatView;
using math::Index;
using math::MatView;

constexpr std::size_t kGates = 3;  // r, z, n
constexpr std::size_t kZ = 1;
constexpr std::size_t kN = 2;
constexpr std::array<const char*, 4> kGruTensors = {".rnn.weight_ih", ".rnn.weight_hh",
                                                    ".rnn.bias_ih", ".rnn.bias_hh"};

// Rows [first, first + n) of a tensor; empty where the network has no such tensor.
template <class T>
std::span<T> rows_of(const nn::ParamLayout& layout, const std::string& name, std::span<T> values,
                     std::size_t first, std::size_t n) {
  const nn::TensorSpec* tensor = layout.find(name);
  if (tensor == nullptr) return {};
  const auto cols = static_cast<std::size_t>(tensor->cols);
  return values.subspan(tensor->offset + first * cols, n * cols);
}

// new block g = old block from[g], or back
template <class T>
void permute_gates(const agents::AgentConfig& agent, const nn::ParamLayout& layout,
                   const std::array<std::size_t, kGates>& from, bool is_back, std::span<T> values) {
  const auto h = static_cast<std::size_t>(agent.hidden_dim);
  for (const char* name : kGruTensors) {
    const std::span<T> all = rows_of(layout, agent.tensors + name, values, 0, kGates * h);
    const std::vector<T> old(all.begin(), all.end());
    const std::size_t block = all.size() / kGates;
    for (std::size_t g = 0; g < kGates; ++g) {
      const std::size_t source = is_back ? g : from[g];
      const std::size_t target = is_back ? from[g] : g;
      std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(source * block), block,
                  all.begin() + static_cast<std::ptrdiff_t>(target * block));
    }
  }
}

// sigmoid(-x) = 1 - sigmoid(x)
template <class T>
void negate_update_gate(const agents::AgentConfig& agent, const nn::ParamLayout& layout,
                        std::span<T> values) {
  const auto h = static_cast<std::size_t>(agent.hidden_dim);
  for (const char* name : kGruTensors) {
    for (T& x : rows_of(layout, agent.tensors + name, values, kZ * h, h)) x = -x;
  }
}

template <class T>
void clear_input_columns(const agents::AgentConfig& agent, const nn::ParamLayout& layout,
                         Index first, Index n, std::span<T> values) {
  const nn::TensorSpec* fc1 = layout.find(agent.tensors + ".fc1.weight");
  if (fc1 == nullptr) return;
  MatView<T> weight = math::view(values.data() + fc1->offset, fc1->rows, fc1->cols);
  for (Index row = 0; row < weight.rows(); ++row) {
    for (Index col = first; col < first + n; ++col) weight(row, col) = T(0);
  }
}

template <class T>
void clear_inputs(WeightChange change, const agents::AgentConfig& agent,
                  const nn::ParamLayout& layout, std::span<T> values) {
  const Index obs = agent.spec.obs_dim;
  const Index actions = agent.obs_last_action ? agent.spec.n_actions : 0;
  if (change == WeightChange::kNoLastAction) {
    clear_input_columns(agent, layout, obs, actions, values);
  } else {
    clear_input_columns(agent, layout, obs + actions, agent.obs_agent_id ? agent.spec.n_agents : 0,
                        values);
  }
}

// row n E + e of hyper_w1's last layer <- row e N + n, or back
template <class T>
void transpose_mixing_weights(const agents::AgentConfig& agent, const nn::ParamLayout& layout,
                              bool is_back, std::span<T> values) {
  const auto n_agents = static_cast<std::size_t>(agent.spec.n_agents);
  for (const std::string part : {".weight", ".bias"}) {
    std::string name = "mixer.hyper_w1.2" + part;
    if (layout.find(name) == nullptr) name = "mixer.hyper_w1.0" + part;
    const nn::TensorSpec* tensor = layout.find(name);
    if (tensor == nullptr) return;
    const std::span<T> all = values.subspan(tensor->offset, tensor->size());
    const std::vector<T> old(all.begin(), all.end());
    const auto n_rows = static_cast<std::size_t>(tensor->rows);
    const std::size_t cols = all.size() / n_rows;
    const std::size_t embed_dim = n_rows / n_agents;
    for (std::size_t n = 0; n < n_agents; ++n) {
      for (std::size_t e = 0; e < embed_dim; ++e) {
        const std::size_t right = n * embed_dim + e;
        const std::size_t wrong = e * n_agents + n;
        std::copy_n(old.begin() + static_cast<std::ptrdiff_t>((is_back ? right : wrong) * cols),
                    cols,
                    all.begin() + static_cast<std::ptrdiff_t>((is_back ? wrong : right) * cols));
      }
    }
  }
}

template <class T>
void move_candidate_bias(const agents::AgentConfig& agent, const nn::ParamLayout& layout,
                         bool is_back, std::span<T> values) {
  const auto h = static_cast<std::size_t>(agent.hidden_dim);
  const std::span<T> input = rows_of(layout, agent.tensors + kGruTensors[2], values, kN * h, h);
  const std::span<T> recurrent = rows_of(layout, agent.tensors + kGruTensors[3], values, kN * h, h);
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (is_back) {
      recurrent[i] = input[i];
    } else {
      input[i] = input[i] + recurrent[i];
      recurrent[i] = T(0);
    }
  }
}

template <class T>
void apply(WeightChange change, const agents::AgentConfig& agent, const nn::ParamLayout& layout,
           bool is_back, std::span<T> values) {
  switch (change) {
    case WeightChange::kGatesZrn:
      return permute_gates(agent, layout, {1, 0, 2}, is_back, values);
    case WeightChange::kGatesNzr:
      return permute_gates(agent, layout, {2, 1, 0}, is_back, values);
    case WeightChange::kGatesRnz:
      return permute_gates(agent, layout, {0, 2, 1}, is_back, values);
    case WeightChange::kGatesZnr:  // r is where n should be, n where z
      return permute_gates(agent, layout, {2, 0, 1}, is_back, values);
    case WeightChange::kGatesNrz:
      return permute_gates(agent, layout, {1, 2, 0}, is_back, values);
    case WeightChange::kUpdateGateSwapped:
      return negate_update_gate(agent, layout, values);
    case WeightChange::kCandidateBiasOutside:
      return move_candidate_bias(agent, layout, is_back, values);
    case WeightChange::kNoLastAction:
    case WeightChange::kNoAgentId:
      return clear_inputs(change, agent, layout, values);
    case WeightChange::kMixingWeightsTransposed:
      return transpose_mixing_weights(agent, layout, is_back, values);
  }
}

// The changes of a variant over one network's layout.
template <class T>
struct Changes {
  std::vector<WeightChange> list;
  agents::AgentConfig agent;
  nn::ParamLayout layout;

  nn::Weights<T> in_front(nn::Weights<T> w, nn::Workspace<T>& workspace) const {
    const auto n = static_cast<Index>(layout.size());
    const nn::Buffer<T> values = workspace.take(1, n);
    const nn::Buffer<T> transposed = workspace.take(1, n);
    const std::span<T> all(values.data, layout.size());
    std::copy_n(w.values, layout.size(), values.data);
    for (const WeightChange change : list) change_weights<T>(change, agent, layout, all);
    nn::transpose_params<T>(layout, all, {transposed.data, layout.size()});
    return {.values = values.data, .transposed = transposed.data};
  }

  void behind(T* gradient) const {
    for (auto change = list.rbegin(); change != list.rend(); ++change) {
      change_gradient_back<T>(*change, agent, layout, {gradient, layout.size()});
    }
  }
};

template <class T>
class ChangedAgent final : public agents::Agent<T> {
 public:
  ChangedAgent(std::unique_ptr<agents::Agent<T>> inner, Changes<T> changes)
      : agents::Agent<T>(inner->config()), inner_(std::move(inner)), changes_(std::move(changes)) {
    this->set_hidden_dim(inner_->hidden_dim());
  }
  void forward(nn::Weights<T> w, const agents::Inputs<T>& inputs, Index n_rows, const T* hidden0,
               nn::Workspace<T>& workspace, agents::Tape<T>& tape,
               MatView<T> utilities) const override {
    inner_->forward(changes_.in_front(w, workspace), inputs, n_rows, hidden0, workspace, tape,
                    utilities);
  }
  void backward(nn::Weights<T> w, const agents::Inputs<T>& inputs, Index n_rows,
                nn::Workspace<T>& workspace, const agents::Tape<T>& tape,
                ConstMatView<T> d_utilities, T* gradient) const override {
    inner_->backward(changes_.in_front(w, workspace), inputs, n_rows, workspace, tape, d_utilities,
                     gradient);
    changes_.behind(gradient);
  }
  void backward_together(nn::Weights<T> w, std::span<const agents::BackwardPass<T>> passes,
                         Index n_rows, nn::Workspace<T>& workspace) const override {
    for (const agents::BackwardPass<T>& pass : passes) {
      inner_->backward_together(changes_.in_front(w, workspace), {&pass, 1}, n_rows, workspace);
      changes_.behind(pass.gradient);
    }
  }
  ConstMatView<T> hidden(const agents::Tape<T>& tape, Index n_rows) const override {
    return inner_->hidden(tape, n_rows);
  }
  ConstMatView<T> final_hidden(const agents::Tape<T>& tape, Index n_rows) const override {
    return inner_->final_hidden(tape, n_rows);
  }

 private:
  std::unique_ptr<agents::Agent<T>> inner_;
  Changes<T> changes_;
};

template <class T>
class ChangedMixer final : public mixers::Mixer<T> {
 public:
  ChangedMixer(std::unique_ptr<mixers::Mixer<T>> inner, Changes<T> changes)
      : inner_(std::move(inner)), changes_(std::move(changes)) {}
  Index n_outputs() const override { return inner_->n_outputs(); }
  bool is_monotonic() const override { return inner_->is_monotonic(); }
  bool is_linear() const override { return inner_->is_linear(); }
  bool reads_actions() const override { return inner_->reads_actions(); }
  void forward(nn::Weights<T> w, const mixers::MixerInputs<T>& in, nn::Workspace<T>& workspace,
               mixers::Tape<T>& tape, MatView<T> q_tot) const override {
    inner_->forward(changes_.in_front(w, workspace), in, workspace, tape, q_tot);
  }
  void backward(nn::Weights<T> w, const mixers::MixerInputs<T>& in, nn::Workspace<T>& workspace,
                const mixers::Tape<T>& tape, ConstMatView<T> d_q_tot, MatView<T> d_agent_qs,
                T* gradient) const override {
    inner_->backward(changes_.in_front(w, workspace), in, workspace, tape, d_q_tot, d_agent_qs,
                     gradient);
    changes_.behind(gradient);
  }

 private:
  std::unique_ptr<mixers::Mixer<T>> inner_;
  Changes<T> changes_;
};

bool is_of_mixer(WeightChange change) {
  return change == WeightChange::kMixingWeightsTransposed;
}

}  // namespace

template <class T>
void change_weights(WeightChange change, const agents::AgentConfig& agent,
                    const nn::ParamLayout& layout, std::span<T> values) {
  apply(change, agent, layout, false, values);
}

template <class T>
void change_gradient_back(WeightChange change, const agents::AgentConfig& agent,
                          const nn::ParamLayout& layout, std::span<T> gradient) {
  apply(change, agent, layout, true, gradient);
}

template <class T>
learner::Network<T> make_changed_network(const Variant& variant) {
  learner::Network<T> network =
      learner::make_network<T>(variant.agent, variant.mixer, variant.objective);
  Changes<T> of_agent{.list = {}, .agent = variant.agent, .layout = network.layout};
  Changes<T> of_mixer = of_agent;
  for (const WeightChange change : variant.changes) {
    (is_of_mixer(change) ? of_mixer : of_agent).list.push_back(change);
  }
  for (std::unique_ptr<agents::Agent<T>>* agent : {&network.agent, &network.central_agent}) {
    if (*agent == nullptr || of_agent.list.empty()) continue;
    Changes<T> changes = of_agent;
    changes.agent = (*agent)->config();
    *agent = std::make_unique<ChangedAgent<T>>(std::move(*agent), std::move(changes));
  }
  if (!of_mixer.list.empty()) {
    network.mixer =
        std::make_unique<ChangedMixer<T>>(std::move(network.mixer), std::move(of_mixer));
  }
  return network;
}

#define QTOT_INSTANTIATE(T)                                                       \
  template learner::Network<T> make_changed_network<T>(const Variant&);           \
  template void change_weights<T>(WeightChange, const agents::AgentConfig&,       \
                                  const nn::ParamLayout&, std::span<T>);          \
  template void change_gradient_back<T>(WeightChange, const agents::AgentConfig&, \
                                        const nn::ParamLayout&, std::span<T>);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::oracle
