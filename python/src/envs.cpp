// The environments as objects of Python; python/qtot/_envs.py and _vector.py have what users call.

#include <pybind11/stl.h>

#include <algorithm>
#include <optional>

#include "parts.h"
#include "qtot/env/env.h"
#include "qtot/plugin/load.h"
#include "qtot/rollout/tbb_executor.h"
#include "seats.h"

namespace qtot::python {
namespace {

using Shape = std::vector<std::size_t>;

std::size_t size_of(int n) {
  return static_cast<std::size_t>(n);
}

/// The caller's memory, or null for None. Throws Error, naming the argument, unless it is an array of type T and
/// this shape, in C order and the machine's byte order.
template <class T>
T* caller_owned(const char* name, const py::object& object, const Shape& shape, bool is_written) {
  if (object.is_none()) return nullptr;
  const auto refuse = [&](const std::string& found) {
    throw Error(std::string(name) + ": expected a C-contiguous" + (is_written ? ", writable" : "") +
                " array of " + std::string(py::str(py::handle(py::dtype::of<T>()))) + " of shape " +
                arrays::shape_text({shape.begin(), shape.end()}) + ", found " + found);
  };
  if (!py::isinstance<py::array>(object)) {
    refuse(std::string(py::str(py::type::of(object).attr("__name__"))));
  }
  const auto array = py::reinterpret_borrow<py::array>(object);
  const bool has_shape =
      std::equal(shape.begin(), shape.end(), array.shape(), array.shape() + array.ndim(),
                 [](std::size_t a, py::ssize_t b) { return static_cast<py::ssize_t>(a) == b; });
  const bool has_type =
      array.dtype().kind() == py::dtype::of<T>().kind() && array.itemsize() == sizeof(T);
  if (!has_shape || !has_type) {
    refuse(std::string(py::str(py::handle(array.dtype()))) + " of shape " + shape_text(array));
  }
  if (!is_readable(array)) refuse("another order of elements or bytes");
  if (is_written && !array.writeable()) refuse("one that is read-only");
  return static_cast<T*>(const_cast<void*>(array.data()));
}

py::dict sizes_of(const env::Env& env) {
  const core::DecPomdpSpec& spec = env.spec();
  std::vector<int> n_actions, obs_dims;
  for (int agent = 0; agent < spec.n_agents; ++agent) {
    n_actions.push_back(env.n_actions_of(agent));
    obs_dims.push_back(env.obs_dim_of(agent));
  }
  py::dict sizes;
  sizes["n_agents"] = spec.n_agents;
  sizes["n_actions"] = spec.n_actions;
  sizes["obs_size"] = spec.obs_dim;
  sizes["state_size"] = spec.state_dim;
  sizes["episode_limit"] = spec.episode_limit;
  sizes["n_actions_of"] = n_actions;
  sizes["obs_size_of"] = obs_dims;
  sizes["reports_wins"] = env.reports_wins();
  return sizes;
}

/// One environment.
class OneEnv {
 public:
  OneEnv(const std::string& name, const std::string& stream, const py::dict& args)
      : seat_(env::make_named(name, to_env_args(args)), Streams::of(stream)) {}

  py::dict sizes() const { return sizes_of(seat_.env()); }
  void reset(std::uint64_t seed, std::uint64_t ticket) { seat_.reset(seed, ticket); }

  /// actions [N] int64; reward, terminated, truncated, won, rewards of the agents or None
  py::tuple step(const py::object& actions) {
    const std::size_t n_agents = size_of(seat_.spec().n_agents);
    const auto* const chosen = caller_owned<std::int64_t>("actions", actions, {n_agents}, false);
    if (chosen == nullptr) throw Error("actions: expected an array, found None");
    seat_.require_playable({chosen, n_agents}, "actions");
    const env::StepResult result = seat_.step({chosen, n_agents});
    const std::span<const double> shares = seat_.env().agent_rewards();
    py::object agent_rewards = py::none();
    if (!shares.empty()) {
      agent_rewards = to_numpy(std::vector<double>(shares.begin(), shares.end()), {shares.size()});
    }
    return py::make_tuple(result.reward, result.terminated, result.truncated, result.won,
                          agent_rewards);
  }

  /// obs [N, O], state [S] float32, avail [N, A] uint8, all to write
  void observe(const py::object& obs, const py::object& state, const py::object& avail) {
    const core::DecPomdpSpec& spec = seat_.spec();
    const Shape obs_shape = {size_of(spec.n_agents), size_of(spec.obs_dim)};
    const Shape avail_shape = {size_of(spec.n_agents), size_of(spec.n_actions)};
    auto* const o = caller_owned<float>("obs", obs, obs_shape, true);
    auto* const s = caller_owned<float>("state", state, {size_of(spec.state_dim)}, true);
    auto* const u = caller_owned<std::uint8_t>("avail", avail, avail_shape, true);
    if (o == nullptr || s == nullptr || u == nullptr) throw Error("observe: expected three arrays");
    seat_.observe({o, obs_shape[0] * obs_shape[1]}, {s, size_of(spec.state_dim)});
    std::ranges::copy(seat_.avail(), u);
  }

  std::string text() const { return seat_.env().text(); }
  std::string action_name(int agent, int action) const {
    const core::DecPomdpSpec& spec = seat_.spec();
    if (agent < 0 || agent >= spec.n_agents || action < 0 || action >= spec.n_actions) {
      throw Error("action_name: there is no action " + std::to_string(action) + " of agent " +
                  std::to_string(agent));
    }
    return seat_.env().action_name(agent, action);
  }

 private:
  Seat seat_;
};

/// Many, without the lock of the interpreter.
class ManyEnvs {
 public:
  ManyEnvs(const std::string& name, std::size_t n, const std::string& stream, std::size_t n_threads,
           const py::dict& args)
      : seats_(name, to_env_args(args), n, Streams::of(stream),
               std::make_unique<rollout::TbbExecutor>(n_threads)) {}

  py::dict sizes() const { return sizes_of(seats_.front().env()); }

  std::vector<std::uint64_t> tickets() const {
    std::vector<std::uint64_t> tickets;
    for (std::size_t i = 0; i < seats_.size(); ++i) tickets.push_back(seats_.ticket(i));
    return tickets;
  }

  void reset(const std::optional<std::uint64_t>& seed, const py::dict& out) {
    const Rows rows = rows_of(out);
    run([&] {
      if (seed) seats_.restart(*seed);
      seats_.reset(rows);
    });
  }

  void step(const py::object& actions, const py::dict& out) {
    const Shape shape = {seats_.size(), size_of(seats_.front().spec().n_agents)};
    const auto* const chosen = caller_owned<std::int64_t>("actions", actions, shape, false);
    if (chosen == nullptr) throw Error("actions: expected an array, found None");
    const Rows rows = rows_of(out);
    run([&] { seats_.step(chosen, rows); });
  }

 private:
  // Of Python's threads one at a time is inside.
  template <class Work>
  void run(const Work& work) {
    if (is_busy_) throw Error("these environments are being played by another thread");
    struct Busy {
      explicit Busy(bool& flag) : is_busy(flag) { is_busy = true; }
      ~Busy() { is_busy = false; }
      bool& is_busy;
    };
    const Busy busy(is_busy_);  // changes with the interpreter's lock held
    const py::gil_scoped_release others_may_run;
    work();
  }

  Rows rows_of(const py::dict& out) const {
    const core::DecPomdpSpec& spec = seats_.front().spec();
    const std::size_t n = seats_.size(), n_agents = size_of(spec.n_agents);
    const Shape obs = {n, n_agents, size_of(spec.obs_dim)}, state = {n, size_of(spec.state_dim)};
    const Shape avail = {n, n_agents, size_of(spec.n_actions)};
    Rows rows;
    const auto into = [&]<class T>(const char* name, T*& place, const Shape& shape) {
      if (out.contains(name)) place = caller_owned<T>(name, out[name], shape, true);
    };
    into("obs", rows.obs, obs);
    into("state", rows.state, state);
    into("avail", rows.avail, avail);
    into("rewards", rows.rewards, {n});
    into("agent_rewards", rows.agent_rewards, {n, n_agents});
    into("terminated", rows.terminated, {n});
    into("truncated", rows.truncated, {n});
    into("won", rows.won, {n});
    into("final_obs", rows.final_obs, obs);
    into("final_state", rows.final_state, state);
    into("final_avail", rows.final_avail, avail);
    return rows;
  }

  Seats seats_;
  bool is_busy_ = false;
};

// "stag_hunt/stag_hunt_small", in the order of `qtot env list`
std::vector<std::string> environments() {
  std::vector<std::string> names;
  for (const env::EnvFamily& family : env::families()) {
    for (const std::string& map : family.maps()) names.push_back(family.name + "/" + map);
  }
  return names;
}

}  // namespace

void add_envs(py::module_& module) {
  module.def("environments", &environments);
  module.def("load_plugin", &plugin::load);
  py::class_<OneEnv>(module, "OneEnv")
      .def(py::init<const std::string&, const std::string&, const py::dict&>())
      .def("sizes", &OneEnv::sizes)
      .def("reset", &OneEnv::reset)
      .def("step", &OneEnv::step)
      .def("observe", &OneEnv::observe)
      .def("text", &OneEnv::text)
      .def("action_name", &OneEnv::action_name);
  py::class_<ManyEnvs>(module, "ManyEnvs")
      .def(py::init<const std::string&, std::size_t, const std::string&, std::size_t,
                    const py::dict&>())
      .def("sizes", &ManyEnvs::sizes)
      .def("tickets", &ManyEnvs::tickets)
      .def("reset", &ManyEnvs::reset)
      .def("step", &ManyEnvs::step);
}

}  // namespace qtot::python
