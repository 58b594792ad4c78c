#include "qtot/mixers/mixer.h"

#include <algorithm>
#include <map>

#include "parts.h"
#include "qtot/config/training_config.h"
#include "qtot/learner/config.h"
#include "qtot/mixers/aliases.h"

namespace qtot::python {
namespace {

using math::Index;

constexpr py::ssize_t kMaxSize = py::ssize_t{1}
                                 << 20;  // of agents and of the state, as in case files

struct Rows {
  Index n_rows = 0;
  Index n_agents = 0;
  Index state_dim = 0;
};

Rows rows_of(const py::array& agent_qs, const py::array& state) {
  if (agent_qs.ndim() != 2 || state.ndim() != 2 || agent_qs.shape(0) != state.shape(0)) {
    throw Error("state: expected as many rows as agent_qs of shape " + shape_text(agent_qs) +
                ", found shape " + shape_text(state));
  }
  for (const py::ssize_t n : {agent_qs.shape(1), state.shape(1)}) {
    if (n >= 1 && n <= kMaxSize) continue;
    throw Error("agent_qs " + shape_text(agent_qs) + ", state " + shape_text(state) +
                ": the last axis must be in [1, 2^20]");
  }
  return {agent_qs.shape(0), agent_qs.shape(1), state.shape(1)};
}

mixers::MixerConfig config_of(const std::string& name, const Rows& rows, config::Map keys) {
  keys.emplace_back("mixer", config::Value{name, "argument name"});
  keys.emplace_back("env", config::Value{std::string("arrays"), "a mixer has no environment"});
  const config::ReadConfig read = config::read_training_config(std::move(keys));
  const core::DecPomdpSpec spec = {.n_agents = static_cast<int>(rows.n_agents),
                                   .n_actions = 1,
                                   .obs_dim = 1,
                                   .state_dim = static_cast<int>(rows.state_dim),
                                   .episode_limit = 1};
  return learner::mixer_config(read.config, spec);
}

// What the caller calls each tensor of the layout.
using Names = std::map<std::string, std::string>;

const nn::TensorSpec* tensor_of(const nn::ParamLayout& layout, const std::string& name) {
  const std::string full = name.starts_with("mixer.") ? name : "mixer." + name;
  const nn::TensorSpec* tensor = layout.find(full);
  return tensor != nullptr ? tensor : layout.find(mixers::canonical_name(full));
}

Names names_of(const nn::ParamLayout& layout, const py::dict& params) {
  Names names;
  for (const auto& [key, value] : params) {
    const auto name = key.cast<std::string>();
    const nn::TensorSpec* tensor = tensor_of(layout, name);
    if (tensor == nullptr) throw Error("params['" + name + "']: the mixer has no such tensor");
    const auto [other, is_new] = names.emplace(tensor->name, name);
    if (!is_new) throw Error("params['" + name + "']: is params['" + other->second + "'], too");
  }
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    if (names.contains(tensor.name)) continue;
    throw Error("params: no tensor " + tensor.name + " of shape " +
                arrays::shape_text(tensor.shape()));
  }
  return names;
}

template <class T>
std::vector<T> values_of(const nn::ParamLayout& layout, const Names& names,
                         const py::dict& params) {
  std::vector<T> values(layout.size());
  for (const nn::TensorSpec& tensor : layout.tensors()) {
    const std::string& name = names.at(tensor.name);
    const auto array = params[py::str(name)].cast<py::array>();
    const std::string place = "params['" + name + "']";
    if (shape_text(array) != arrays::shape_text(tensor.shape())) {
      throw Error(place + ": expected shape " + arrays::shape_text(tensor.shape()) + ", found " +
                  shape_text(array));
    }
    const T* const data = in_place<T>(place.c_str(), array, array.ndim());
    std::copy_n(data, tensor.size(), values.begin() + static_cast<std::ptrdiff_t>(tensor.offset));
  }
  return values;
}

// A mixer with its weights, and what its passes write.
template <class T>
class Run {
 public:
  Run(const mixers::MixerConfig& config, const Rows& rows, const py::dict& params)
      : rows_(rows),
        mixer_(mixers::make_mixer<T>(config, layout_)),
        names_(names_of(layout_, params)),
        values_(values_of<T>(layout_, names_, params)),
        transposed_(values_.size()),
        n_outputs_(mixer_->n_outputs()) {
    if (mixer_->reads_actions()) {
      throw Error("mixer " + config.mixer + ": reads the joint action, which is not taken here");
    }
    nn::transpose_params<T>(layout_, values_, transposed_);
  }

  py::tuple operator()(const py::array& agent_qs, const py::array& state,
                       const py::object& grad_out) {
    const auto qs = math::view(in_place<T>("agent_qs", agent_qs, 2), rows_.n_rows, rows_.n_agents);
    const auto s = math::view(in_place<T>("state", state, 2), rows_.n_rows, rows_.state_dim);
    const T* const d_out = grad_out.is_none() ? nullptr : gradient_in(grad_out.cast<py::array>());
    {
      const py::gil_scoped_release others_may_run;
      compute({.agent_qs = qs, .state = s}, d_out);
    }
    const std::vector<std::size_t> shape = {size_of(rows_.n_rows), size_of(n_outputs_)};
    py::object gradients = py::none();
    if (d_out != nullptr) gradients = gradients_out();
    return py::make_tuple(to_numpy(std::move(q_tot_), shape), gradients);
  }

 private:
  static std::size_t size_of(Index n) { return static_cast<std::size_t>(n); }

  const T* gradient_in(const py::array& grad_out) const {
    const T* const data = in_place<T>("grad_out", grad_out, 2);
    if (grad_out.shape(0) == rows_.n_rows && grad_out.shape(1) == n_outputs_) return data;
    throw Error("grad_out: expected " + std::to_string(rows_.n_rows) + " rows of " +
                std::to_string(n_outputs_) + ", found shape " + shape_text(grad_out));
  }

  void compute(const mixers::MixerInputs<T>& in, const T* d_out) {
    const nn::Weights<T> w = {values_.data(), transposed_.data()};
    nn::Workspace<T> workspace;
    mixers::Tape<T> tape;
    q_tot_.resize(size_of(rows_.n_rows * n_outputs_));
    mixer_->forward(w, in, workspace, tape, math::view(q_tot_.data(), rows_.n_rows, n_outputs_));
    if (d_out == nullptr) return;
    d_qs_.resize(size_of(rows_.n_rows * rows_.n_agents));
    gradient_.resize(values_.size());
    mixer_->backward(w, in, workspace, tape, math::view(d_out, rows_.n_rows, n_outputs_),
                     math::view(d_qs_.data(), rows_.n_rows, rows_.n_agents), gradient_.data());
  }

  py::tuple gradients_out() {
    py::dict of_params;
    for (const nn::TensorSpec& tensor : layout_.tensors()) {
      const auto begin = gradient_.begin() + static_cast<std::ptrdiff_t>(tensor.offset);
      const auto end = begin + static_cast<std::ptrdiff_t>(tensor.size());
      of_params[py::str(names_.at(tensor.name))] =
          to_numpy(std::vector<T>(begin, end), tensor.shape());
    }
    return py::make_tuple(
        to_numpy(std::move(d_qs_), {size_of(rows_.n_rows), size_of(rows_.n_agents)}), of_params);
  }

  Rows rows_;
  nn::ParamLayout layout_;
  std::unique_ptr<mixers::Mixer<T>> mixer_;
  Names names_;
  std::vector<T> values_;
  std::vector<T> transposed_;
  Index n_outputs_;
  std::vector<T> q_tot_, d_qs_, gradient_;
};

}  // namespace

py::tuple mixer(const std::string& name, const py::dict& params, const py::array& agent_qs,
                const py::array& state, const py::object& grad_out, const py::dict& keys) {
  const Rows rows = rows_of(agent_qs, state);
  const mixers::MixerConfig config = config_of(name, rows, to_config(keys));
  return agent_qs.itemsize() == sizeof(float)
             ? Run<float>(config, rows, params)(agent_qs, state, grad_out)
             : Run<double>(config, rows, params)(agent_qs, state, grad_out);
}

}  // namespace qtot::python
