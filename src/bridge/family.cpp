#include <algorithm>

#include "bridge/python_env.h"
#include "qtot/base/error.h"
#include "qtot/bridge/python_envs.h"

namespace qtot::bridge {
namespace {

constexpr const char* kName = "python";

std::unique_ptr<env::Env> make(const config::Map& args) {
  PythonOptions options;
  config::Options reader(args, "env_args.");
  options.options(reader);
  reader.refuse_unknown("environment python");
  if (options.entry.empty()) {
    throw Error("env_args.entry must be module:callable or file.py:callable, found nothing");
  }
  return std::make_unique<PythonEnv>(options);
}

std::vector<config::OptionInfo> options() {
  config::Options list({}, "env_args.");
  PythonOptions().options(list);
  return list.infos();
}

}  // namespace

env::EnvFamily python_family() {
  return {.name = kName,
          .summary =
              "an environment in Python, played by child processes: PyMARL's interface "
              "(SMAC), PettingZoo's or Gymnasium's",
          .make = make,
          .options = options,
          .maps = [] { return std::vector<std::string>{}; }};
}

void add_python_family() {
  const auto& known = env::families();
  if (std::ranges::find(known, kName, &env::EnvFamily::name) == known.end()) {
    env::add_family(python_family());
  }
}

}  // namespace qtot::bridge
