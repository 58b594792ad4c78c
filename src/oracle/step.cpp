#include "qtot/oracle/step.h"

#include <algorithm>

#include "oracle/recorder.h"
#include "oracle/run_learner.h"
#include "qtot/base/executor.h"

namespace qtot::oracle {
namespace {

using Shape = std::vector<std::size_t>;

// Double nearest to x, and what that leaves over of a wide value.
template <class T>
void push(Tensor& tensor, const T& x) {
  const auto near = static_cast<double>(x);
  tensor.values.push_back(near);
  if constexpr (!std::is_same_v<T, float> && !std::is_same_v<T, double>) {
    tensor.rest.push_back(static_cast<double>(T(x - T(near))));
  }
}

Tensor zeros(const std::string& name, Shape shape, bool is_wide) {
  std::size_t n = 1;
  for (const std::size_t size : shape) n *= size;
  return {.name = name,
          .kind = Kind::kValue,
          .shape = std::move(shape),
          .values = std::vector<double>(n, 0.0),
          .rest = std::vector<double>(is_wide ? n : 0, 0.0)};
}

template <class T>
constexpr bool kIsWide = !std::is_same_v<T, float> && !std::is_same_v<T, double>;

// Assembles the padded tensors of the peers from the learner's ragged ones.
template <class T>
class Assembler {
 public:
  Assembler(const Case& input, const learner::LearnerConfig& config, const Recorder<T>& recorder,
            std::size_t n_outputs, Step& step)
      : case_(input), config_(config), recorder_(recorder), n_outputs_(n_outputs), step_(step) {}

  void values() {
    const auto n_agents = static_cast<std::size_t>(case_.spec.n_agents);
    const auto n_actions = static_cast<std::size_t>(case_.spec.n_actions);
    const std::size_t slots = case_.n_slots;
    const std::size_t steps = case_.n_steps();
    padded("agent_q", "utilities", {slots, n_agents, n_actions});
    padded("target_agent_q", "target_utilities", {slots, n_agents, n_actions});
    padded("chosen_q", "chosen_qs", {steps, n_agents});
    padded("cur_max_actions", "greedy_actions", {slots, n_agents, 1});
    padded("target_max_agent_q", "greedy_qs", {steps, n_agents});
    if (recorder_.has_rows("value_part")) parts(steps, n_agents);
    padded("q_tot", "q_tot", {steps, n_outputs_});
    padded("target_max_qvals", "target_q_tot", {steps, n_outputs_});
    padded("targets", "returns", {steps, n_outputs_});
    mask(steps);
    padded("td_error", "td_error", {steps, n_outputs_});
    masked_error();
    if (case_.objective.objective == "weighted_td") weighted(steps, slots, n_agents, n_actions);
    if (case_.uses_weights) priorities();
    scalar("loss");
    padded("d_q_tot", "d_q_tot", {steps, n_outputs_});
    padded("d_chosen_q", "d_chosen_qs", {steps, n_agents});
  }

  // QPLEX's
  void parts(std::size_t steps, std::size_t n_agents) {
    padded("max_action_qvals", "best_qs", {steps, n_agents});
    padded("ans_chosen", "value_part", {steps, 1});
    padded("ans_adv", "advantage_part", {steps, 1});
    padded("target_chosen", "target_value_part", {steps, 1});
    padded("target_adv", "target_advantage_part", {steps, 1});
  }

  void gradient() {
    for (const nn::TensorSpec& spec : case_.layout.tensors()) {
      Tensor tensor{.name = "grad/" + spec.name,
                    .kind = Kind::kGradient,
                    .shape = spec.shape(),
                    .values = {},
                    .rest = {}};
      if (recorder_.has_update(tensor.name)) {
        for (const T& g : recorder_.of_update(tensor.name)) push(tensor, g);
      } else {  // no valid step, no gradient
        tensor.values.assign(spec.size(), 0.0);
      }
      step_.tensors.push_back(std::move(tensor));
    }
    scalar("grad_norm");
  }

 private:
  // Q* and what weighs the errors
  void weighted(std::size_t steps, std::size_t slots, std::size_t n_agents, std::size_t n_actions) {
    padded("central_mac_out", "central_utilities", {slots, n_agents, n_actions, 1});
    padded("central_target_mac_out", "central_target_utilities", {slots, n_agents, n_actions, 1});
    padded("central_chosen_action_qvals", "central_q", {steps, 1});
    padded("is_max_action", "is_greedy", {steps, 1});
    padded("max_action_qtot", "greedy_central_q", {steps, 1});
    padded("ws", "weights", {steps, 1});
    scalar("qmix_loss", "loss_td");
    scalar("central_loss", "loss_central");
    if (case_.central_is_halved) {
      Tensor& loss = step_.tensors.back();
      for (double& x : loss.values) x *= 0.5;
      for (double& x : loss.rest) x *= 0.5;
    }
  }

  // our rows of an episode, as many as there are, at the head of its padded rows
  void padded(const std::string& name, const std::string& ours, const Shape& shape) {
    Shape full = {case_.episodes.size()};
    full.insert(full.end(), shape.begin(), shape.end());
    Tensor tensor = zeros(name, full, kIsWide<T>);
    const std::size_t n_padded = tensor.values.size() / case_.episodes.size();
    for (std::size_t b = 0; b < case_.episodes.size(); ++b) {
      const auto rows = recorder_.rows(ours, b);
      for (std::size_t i = 0; i < std::min(n_padded, rows.values.size()); ++i) {
        set(tensor, b * n_padded + i, rows.values[i]);
      }
    }
    step_.tensors.push_back(std::move(tensor));
  }

  static void set(Tensor& tensor, std::size_t i, const T& x) {
    Tensor one;
    push(one, x);
    tensor.values[i] = one.values[0];
    if (!one.rest.empty()) tensor.rest[i] = one.rest[0];
  }

  void mask(std::size_t n_steps) {
    Tensor tensor = zeros("mask", {case_.episodes.size(), n_steps, n_outputs_}, false);
    for (std::size_t b = 0; b < case_.episodes.size(); ++b) {
      const auto rows = recorder_.rows("mask", b);
      std::size_t n_valid = 0;
      for (std::size_t t = 0; t < std::min(n_steps, rows.values.size()); ++t) {
        if (rows.values[t] == T(0)) continue;
        ++n_valid;
        std::fill_n(
            tensor.values.begin() + static_cast<std::ptrdiff_t>((b * n_steps + t) * n_outputs_),
            n_outputs_, 1.0);
      }
      step_.n_valid.push_back(n_valid);
    }
    step_.tensors.push_back(std::move(tensor));
  }

  // td_error * mask; PyMARL2 calls loss_factor * td_error^2 * mask so, and with weights its sum over an
  // episode, weighted
  void masked_error() {
    const Tensor& errors = *step_.find("td_error");
    const bool is_summed = case_.masked_is_squared && case_.uses_weights;
    const std::size_t n_episodes = case_.episodes.size();
    const std::size_t n_rows = errors.values.size() / n_episodes;
    Tensor tensor =
        zeros("masked_td_error", is_summed ? Shape{n_episodes, 1} : errors.shape, kIsWide<T>);
    for (std::size_t b = 0; b < n_episodes; ++b) {
      const auto rows = recorder_.rows("td_error", b);
      T sum = T(0);
      for (std::size_t i = 0; i < std::min(n_rows, rows.values.size()); ++i) {
        const T error = rows.values[i];
        const T squared = static_cast<T>(config_.loss_factor) * (error * error);
        const T masked = case_.masked_is_squared ? squared : error;
        if (!is_summed) set(tensor, b * n_rows + i, masked);
        sum = sum + masked;
      }
      if (is_summed) set(tensor, b, sum * static_cast<T>(case_.weights[b]));
    }
    step_.tensors.push_back(std::move(tensor));
  }

  // sum_t |td_error| / sqrt(number of valid steps), what PyMARL2's replay turns into priorities
  void priorities() {
    Tensor tensor = zeros("per_priority", {case_.episodes.size(), 1}, kIsWide<T>);
    for (std::size_t b = 0; b < case_.episodes.size(); ++b) {
      if (step_.n_valid[b] == 0) continue;
      T sum = T(0);
      for (const T& error : recorder_.rows("td_error", b).values) sum = sum + math::abs(error);
      const auto n_terms = static_cast<T>(static_cast<double>(step_.n_valid[b] * n_outputs_));
      set(tensor, b, sum / math::sqrt(n_terms));
    }
    step_.tensors.push_back(std::move(tensor));
  }

  void scalar(const std::string& name) { scalar(name, name); }
  void scalar(const std::string& name, const std::string& ours) {
    Tensor tensor{.name = name, .kind = Kind::kScalar, .shape = {}, .values = {}, .rest = {}};
    push(tensor, recorder_.scalar_of(ours));
    step_.tensors.push_back(std::move(tensor));
  }

  const Case& case_;
  const learner::LearnerConfig& config_;
  const Recorder<T>& recorder_;
  std::size_t n_outputs_;
  Step& step_;
};

template <class T>
void add_params(const Case& input, const std::string& prefix, const std::vector<T>& params,
                Step& step) {
  for (const nn::TensorSpec& spec : input.layout.tensors()) {
    Tensor tensor{.name = prefix + spec.name,
                  .kind = Kind::kParam,
                  .shape = spec.shape(),
                  .values = {},
                  .rest = {}};
    for (std::size_t i = 0; i < spec.size(); ++i) push(tensor, params[spec.offset + i]);
    step.tensors.push_back(std::move(tensor));
  }
}

template <class T>
Step run(const Case& input, const StepOptions& options) {
  SerialExecutor executor;
  const Variant variant = options.variant != nullptr ? *options.variant : variant_of(input);
  LearnerRun<T> run(input, variant, options.params != nullptr ? *options.params : input.params,
                    options.target_params != nullptr ? *options.target_params : input.target_params,
                    executor);
  Step step;
  Tensor losses{.name = "losses", .kind = Kind::kValue, .shape = {}, .values = {}, .rest = {}};
  Tensor norms{.name = "grad_norms", .kind = Kind::kValue, .shape = {}, .values = {}, .rest = {}};
  for (int k = 1; k <= options.n_updates; ++k) {
    Recorder<T> recorder;
    run.update(&recorder);
    if (k == 1) {
      const auto n_outputs = static_cast<std::size_t>(run.learner().network().n_outputs());
      Assembler<T> assembler(input, variant.learner, recorder, n_outputs, step);
      assembler.values();
      assembler.gradient();
      add_params(input, "param1/", run.learner().state().params, step);
    }
    push(losses, recorder.scalar_of("loss"));
    push(norms, recorder.scalar_of("grad_norm"));
  }
  if (options.n_updates == 1) return step;
  losses.shape = norms.shape = {losses.values.size()};
  step.tensors.push_back(std::move(losses));
  step.tensors.push_back(std::move(norms));
  add_params(input, "param" + std::to_string(options.n_updates) + "/", run.learner().state().params,
             step);
  return step;
}

}  // namespace

Variant variant_of(const Case& input) {
  return {.agent = input.agent,
          .mixer = input.mixer,
          .objective = input.objective,
          .learner = input.learner,
          .changes = {},
          .has_behaviour = input.file.contains("in/behaviour_probs")};
}

const Tensor* Step::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

Step run_step(const Case& input, Dtype dtype, const StepOptions& options) {
  switch (dtype) {
    case Dtype::kF32:
      return run<float>(input, options);
    case Dtype::kF64:
      return run<double>(input, options);
    case Dtype::kWide:
      break;
  }
  return run<math::Wide>(input, options);
}

}  // namespace qtot::oracle
