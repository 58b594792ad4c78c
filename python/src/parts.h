#pragma once

#include <string>

#include "convert.h"

namespace qtot::python {

// one a source; `_core` has them under the same names

py::dict step(const py::object& source, const std::string& name, const py::dict& keys,
              const std::string& dtype);
std::string check(const py::object& source, const std::string& name, const py::dict& keys,
                  const std::string& dtype, const std::string& tolerance);
std::string diagnose(const py::object& source, const std::string& name, const py::dict& keys);

/// rewards, next_values [B, T] of float32 or float64; terminated [B] uint8; lengths [B] int64
py::array lambda_returns(const py::array& rewards, const py::array& next_values,
                         const py::array& terminated, const py::array& lengths, double gamma,
                         double td_lambda);
/// next_qs, next_traces like rewards
py::array corrected_returns(const py::array& rewards, const py::array& next_values,
                            const py::array& next_qs, const py::array& next_traces,
                            const py::array& terminated, const py::array& lengths, double gamma);
py::array n_step_returns(const py::array& rewards, const py::array& next_values,
                         const py::array& terminated, const py::array& lengths, double gamma,
                         int n_step);

/// agent_qs [M, N], state [M, S], grad_out [M, K] or None; all and the params of one type. Gives q_tot and
/// None or (gradient of agent_qs, gradients by the names in `params`).
py::tuple mixer(const std::string& name, const py::dict& params, const py::array& agent_qs,
                const py::array& state, const py::object& grad_out, const py::dict& keys);

/// environments, load_plugin, OneEnv, ManyEnvs
void add_envs(py::module_& module);

}  // namespace qtot::python
