#include <cmath>
#include <cstdint>
#include <set>

#include "plugin/declaration.h"
#include "plugin/fault.h"
#include "plugin/plugin_env.h"

namespace qtot::plugin {
namespace {

// What no environment needs, and a number that was never written exceeds.
constexpr int kMaxSize = 1 << 20;
constexpr int kMaxAgents = 1 << 16;            // indices of chance
constexpr std::int64_t kMaxNumbers = 1 << 26;  // of one array

class Reader {
 public:
  Reader(const qtot_plugin_sizes& sizes, const std::string& file) : sizes_(sizes), file_(file) {}

  CheckedSizes read() const {
    CheckedSizes out;
    out.spec = {.n_agents = size("n_agents", sizes_.n_agents, kMaxAgents),
                .n_actions = size("n_actions", sizes_.n_actions, kMaxSize),
                .obs_dim = size("obs_dim", sizes_.obs_dim, kMaxSize),
                .state_dim = size("state_dim", sizes_.state_dim, kMaxSize),
                .episode_limit = size("episode_limit", sizes_.episode_limit, kMaxSize)};
    product("n_agents * obs_dim", sizes_.n_agents, sizes_.obs_dim);
    product("n_agents * n_actions", sizes_.n_agents, sizes_.n_actions);
    out.reports_wins = flag("reports_wins", sizes_.reports_wins);
    out.pays_agents = flag("pays_agents", sizes_.pays_agents);
    out.n_actions_of = of_agents("n_actions_of", sizes_.n_actions_of, out.spec.n_actions);
    out.obs_dim_of = of_agents("obs_dim_of", sizes_.obs_dim_of, out.spec.obs_dim);
    read_arrays(out);
    return out;
  }

 private:
  [[noreturn]] void wrong(const std::string& what, const std::string& fault) const {
    fail(file_, "describe", what + fault);
  }

  int size(const std::string& name, std::int32_t value, int most) const {
    if (value >= 1 && value <= most) return value;
    wrong(name, " = " + std::to_string(value) + ", expected 1 to " + std::to_string(most));
  }

  void product(const char* what, std::int64_t a, std::int64_t b) const {
    if (a * b > kMaxNumbers) wrong(what, " is more than " + std::to_string(kMaxNumbers));
  }

  bool flag(const std::string& name, std::int32_t value) const {
    if (value == 0 || value == 1) return value == 1;
    wrong(name, " = " + std::to_string(value) + ", expected 0 or 1");
  }

  std::vector<int> of_agents(const std::string& name, const std::int32_t* values, int all) const {
    std::vector<int> out(static_cast<std::size_t>(sizes_.n_agents), all);
    if (values == nullptr) return out;
    for (std::size_t a = 0; a < out.size(); ++a) {
      out[a] = size(name + "[" + std::to_string(a) + "]", values[a], all);
    }
    return out;
  }

  void read_arrays(CheckedSizes& out) const {
    if (sizes_.n_arrays > kMaxSize || (sizes_.n_arrays > 0 && sizes_.arrays == nullptr)) {
      wrong("arrays", ": expected at most " + std::to_string(kMaxSize));
    }
    std::set<std::string> seen;
    for (std::uint32_t i = 0; i < sizes_.n_arrays; ++i) {
      const qtot_plugin_array& array = sizes_.arrays[i];
      const std::string entry = "arrays[" + std::to_string(i) + "]";
      if (!is_name(array.name)) wrong(entry, ".name: expected lower-case letters, digits and _");
      if (!seen.insert(array.name).second) wrong(entry, ".name: there is one of this name already");
      if (array.size < 1 || array.size > kMaxNumbers) {
        wrong(entry, ".size = " + std::to_string(array.size) + ", expected 1 to " +
                         std::to_string(kMaxNumbers));
      }
      const bool is_integer = flag(entry + ".is_integer", array.is_integer);
      if (!std::isfinite(array.lowest) || !std::isfinite(array.highest) ||
          array.lowest > array.highest) {
        wrong(entry, ".lowest, .highest: expected finite bounds");
      }
      out.arrays.push_back({array.name, array.size, is_integer, array.lowest, array.highest});
      out.n_values += array.size;
      product("the size of all arrays", static_cast<std::int64_t>(out.n_values), 1);
    }
  }

  const qtot_plugin_sizes& sizes_;
  const std::string& file_;
};

}  // namespace

CheckedSizes CheckedSizes::of(const qtot_plugin_sizes& sizes, const std::string& file) {
  return Reader(sizes, file).read();
}

}  // namespace qtot::plugin
