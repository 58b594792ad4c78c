// RMSprop and Adam, ten steps of given gradients.

#include <algorithm>
#include <cmath>

#include "oracle/unit/unit.h"
#include "qtot/base/error.h"
#include "qtot/nn/optimiser.h"

namespace qtot::oracle::unit {
namespace {

using nlohmann::json;

constexpr std::size_t kSteps = 10;
constexpr std::size_t kCompared[] = {1, 5, 10};  // after so many steps

nn::OptimiserConfig config_of(const Unit& unit, const json& meta) {
  require_known_keys(unit, meta, {"optimiser", "lr", "alpha", "betas", "eps", "weight_decay"});
  const std::string place = unit.source() + ": meta: ";
  nn::OptimiserConfig config;
  if (!meta.contains("optimiser") ||
      (meta["optimiser"] != "adam" && meta["optimiser"] != "rmsprop")) {
    throw Error(place + "optimiser: expected \"adam\" or \"rmsprop\", found " +
                (meta.contains("optimiser") ? meta["optimiser"].dump() : "nothing"));
  }
  config.optimiser = meta["optimiser"].get<std::string>();
  config.lr = number_of(unit, meta, "lr");
  config.alpha = number_of(unit, meta, "alpha", 0.99);
  config.eps = number_of(unit, meta, "eps", 1e-8);  // PyTorch's default, for both
  config.weight_decay = number_of(unit, meta, "weight_decay", 0);
  if (meta.contains("betas")) {
    const json& betas = meta["betas"];
    if (!betas.is_array() || betas.size() != 2 || !betas[0].is_number() || !betas[1].is_number()) {
      throw Error(place + "betas: expected two numbers, found " + betas.dump());
    }
    config.beta1 = betas[0].get<double>();
    config.beta2 = betas[1].get<double>();
  }
  return config;
}

// One configuration: tensors p0, p1, ... one behind the other, as in a network.
class Inputs {
 public:
  Inputs(Unit& unit, const std::string& folder) {
    const std::size_t n = n_tensors(
        unit.file(),
        {{folder + "in/p", ""}, {folder + "f32/p", "_after1"}, {folder + "f64/p", "_after1"}});
    for (std::size_t k = 0; k < n; ++k) {
      const std::string name = folder + "in/p" + std::to_string(k);
      shapes_.push_back(unit.file().at(name).shape());
      append(unit.input(name, shapes_.back()), params_);
    }
    for (std::size_t step = 0; step < kSteps; ++step) {
      for (std::size_t k = 0; k < n; ++k) {
        const std::string name = "in/g" + std::to_string(step) + "_" + std::to_string(k);
        append(unit.input(folder + name, shapes_[k]), gradients_[step]);
      }
    }
  }

  const std::vector<Shape>& shapes() const { return shapes_; }
  template <class T>
  std::vector<T> params() const {
    return {params_.begin(), params_.end()};
  }
  template <class T>
  std::vector<T> gradient(std::size_t step) const {
    return {gradients_[step].begin(), gradients_[step].end()};
  }

 private:
  static void append(const arrays::Array& array, std::vector<float>& flat) {
    const std::vector<float> part = array.as_floats();
    if (!std::ranges::all_of(part, [](float x) { return std::isfinite(x); })) {
      throw Error(array.place() + ": expected finite numbers");
    }
    flat.insert(flat.end(), part.begin(), part.end());
  }

  std::vector<Shape> shapes_;
  std::vector<float> params_;
  std::vector<float> gradients_[kSteps];
};

// Takes the first `n_steps` steps. Calls see(number of steps taken, parameters) after each.
template <class T, class See>
nn::OptimiserState<T> run(const nn::OptimiserConfig& config, const Inputs& inputs,
                          std::size_t n_steps, std::vector<T>& params, See see) {
  nn::OptimiserState<T> state = nn::make_optimiser_state<T>(config, params.size());
  for (std::size_t step = 0; step < n_steps; ++step) {
    nn::optimiser_step<T>(config, static_cast<std::int64_t>(step) + 1, T(1),
                          inputs.gradient<T>(step), params, state.first, state.second);
    see(step + 1, std::as_const(params));
  }
  return state;
}

// Where a float run began. PyTorch's worked in place on the arrays that were saved as inputs afterwards:
// in/p is what it ended with. Each parameter goes its way alone, and how far it goes depends on where it
// begins through weight decay alone, so the way back is found by walking forward from a guess.
class FloatStart {
 public:
  FloatStart(const Unit& unit, const std::string& folder, const nn::OptimiserConfig& config,
             const Inputs& inputs)
      : config_(config),
        inputs_(inputs),
        in_p_(inputs.params<double>()),
        after_one_(stored(unit, folder, 1)),
        end_(stored(unit, folder, kSteps)) {}

  // True unless most of in/p differs from the stored end: then in/p is the beginning after all.
  bool is_lost() const {
    std::size_t n_equal = 0;
    for (std::size_t i = 0; i < end_.size(); ++i) n_equal += in_p_[i] == end_[i] ? 1 : 0;
    return 2 * n_equal >= end_.size();
  }

  // Rounded to float.
  std::vector<double> find() const {
    // Back over the first step, which may have gone either way: with weight decay its sign depends on
    // the parameter.
    const std::vector<double>& first = after_one_.empty() ? in_p_ : after_one_;
    std::vector<double> start = walked_back(first, first, 1);
    std::vector<double> other;
    for (std::size_t i = 0; i < start.size(); ++i) other.push_back(2 * first[i] - start[i]);
    for (int round = 0; round < 2; ++round) {
      start = walked_back(first, start, 1);
      other = walked_back(first, other, 1);
    }
    take_nearer(other, start);
    // What the file says after one step is to be checked, not believed: only the end counts.
    for (int round = 0; round < 3; ++round) {
      take_nearer(walked_back(in_p_, start, kSteps), start);
    }
    for (double& x : start) x = static_cast<double>(static_cast<float>(x));
    return start;
  }

 private:
  // f32/p<k>_after<n_steps> of all tensors, empty where one is missing.
  std::vector<double> stored(const Unit& unit, const std::string& folder,
                             std::size_t n_steps) const {
    std::vector<double> all;
    for (std::size_t k = 0; k < inputs_.shapes().size(); ++k) {
      const std::string member =
          folder + "f32/p" + std::to_string(k) + "_after" + std::to_string(n_steps);
      if (!unit.file().contains(member)) return {};
      const arrays::Array& array = unit.file().at(member);
      if (array.shape() != inputs_.shapes()[k]) return {};
      const std::vector<double> part = array.as_doubles();
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  std::vector<double> walked(std::vector<double> params, std::size_t n_steps) const {
    run<double>(config_, inputs_, n_steps, params, [](std::size_t, const std::vector<double>&) {});
    return params;
  }

  // `target` less the way that `n_steps` steps go from `start`.
  std::vector<double> walked_back(const std::vector<double>& target,
                                  const std::vector<double>& start, std::size_t n_steps) const {
    std::vector<double> result = walked(start, n_steps);
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = target[i] - (result[i] - start[i]);
    }
    return result;
  }

  // Of each parameter the start that ends nearer to in/p.
  void take_nearer(const std::vector<double>& other, std::vector<double>& start) const {
    const std::vector<double> end = walked(start, kSteps);
    const std::vector<double> other_end = walked(other, kSteps);
    for (std::size_t i = 0; i < start.size(); ++i) {
      if (std::abs(other_end[i] - in_p_[i]) < std::abs(end[i] - in_p_[i])) start[i] = other[i];
    }
  }

  const nn::OptimiserConfig& config_;
  const Inputs& inputs_;
  std::vector<double> in_p_;
  std::vector<double> after_one_;
  std::vector<double> end_;
};

template <class T>
std::vector<T> start_of_run(const Unit& unit, const std::string& folder,
                            const nn::OptimiserConfig& config, const Inputs& inputs) {
  if (unit.dtype() != Dtype::kF32) return inputs.params<T>();
  const FloatStart start(unit, folder, config, inputs);
  if (!start.is_lost()) return inputs.params<T>();
  std::vector<T> params;
  for (const double x : start.find()) params.push_back(static_cast<T>(x));
  return params;
}

// Compares <before><k><behind> for each tensor k.
template <class T>
void compare_all(Unit& unit, const std::string& folder, const Inputs& inputs,
                 const std::string& before, const std::string& behind, Kind kind,
                 const std::vector<T>& ours) {
  const std::vector<double> values = widened(ours);
  std::size_t offset = 0;
  for (std::size_t k = 0; k < inputs.shapes().size(); ++k) {
    const Shape& shape = inputs.shapes()[k];
    std::size_t size = 1;
    for (const std::size_t axis : shape) size *= axis;
    unit.compare(folder, before + std::to_string(k) + behind, kind, shape,
                 std::span(values).subspan(offset, size));
    offset += size;
  }
}

template <class T>
void check_one(Unit& unit, const std::string& folder, const json& meta) {
  const nn::OptimiserConfig config = config_of(unit, meta);
  const Inputs inputs(unit, folder);
  std::vector<T> params = start_of_run<T>(unit, folder, config, inputs);
  const nn::OptimiserState<T> state =
      run<T>(config, inputs, kSteps, params, [&](std::size_t n_steps, const std::vector<T>& now) {
        if (std::ranges::find(kCompared, n_steps) == std::end(kCompared)) return;
        compare_all(unit, folder, inputs, "p", "_after" + std::to_string(n_steps), Kind::kParam,
                    now);
      });
  if (config.optimiser == "adam") {
    compare_all(unit, folder, inputs, "state", "_exp_avg", Kind::kValue, state.first);
    compare_all(unit, folder, inputs, "state", "_exp_avg_sq", Kind::kValue, state.second);
  } else {
    compare_all(unit, folder, inputs, "state", "_square_avg", Kind::kValue, state.second);
  }
}

}  // namespace

template <class T>
void check_optimisers(Unit& unit) {
  const json cases = unit.meta_cases();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    check_one<T>(unit, std::to_string(i) + "/", cases[i]);
  }
}

#define QTOT_INSTANTIATE(T) template void check_optimisers<T>(Unit&);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::oracle::unit
