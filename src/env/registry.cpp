#include <utility>

#include "qtot/base/error.h"
#include "qtot/config/value.h"
#include "qtot/env/env.h"

// The table of environments, made from the lines of envs/envs.def.

#define QTOT_ENV(name)         \
  namespace qtot::envs::name { \
  env::EnvFamily family();     \
  }
#include "envs/envs.def"
#undef QTOT_ENV

namespace qtot::env {

namespace {

std::vector<EnvFamily>& table() {
  static std::vector<EnvFamily> families = {
#define QTOT_ENV(name) envs::name::family(),
#include "envs/envs.def"
#undef QTOT_ENV
  };
  return families;
}

}  // namespace

const std::vector<EnvFamily>& families() {
  return table();
}

void add_family(EnvFamily family) {
  for (const EnvFamily& known : families()) {
    if (known.name == family.name) {
      throw Error("environment \"" + family.name + "\": the name is taken");
    }
  }
  table().push_back(std::move(family));
}

const EnvFamily& family(const std::string& name) {
  std::vector<std::string> known;
  std::string list;
  for (const EnvFamily& family : families()) {
    if (family.name == name) return family;
    known.push_back(family.name);
    list += " " + family.name;
  }
  constexpr std::size_t kShown = 64;  // a name from a file may be of any length
  const std::string near = config::nearest(name, known);
  throw Error("environment \"" + name.substr(0, kShown) + "\": no such environment; " +
              (near.empty() ? "" : "did you mean " + near + "? ") + "known:" + list +
              "; one of a plugin needs --plugin FILE");
}

namespace {

NamedEnv map_of(const EnvFamily& family, const std::string& map, const std::string& name,
                config::Map args) {
  if (const config::Value* second = config::find(args, "map_name")) {
    throw Error(second->origin + ": env_args.map_name = " + second->text() +
                " must be left out: \"" + name + "\" is a map");
  }
  args.emplace_back("map_name", config::Value{map, "name of the environment"});
  return {&family, std::move(args)};
}

}  // namespace

NamedEnv find_named(const std::string& name, config::Map args) {
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
    return map_of(family(name.substr(0, slash)), name.substr(slash + 1), name, std::move(args));
  }
  for (const EnvFamily& family : families()) {
    if (family.name == name) return {&family, std::move(args)};
  }
  for (const EnvFamily& family : families()) {
    for (const std::string& map : family.maps()) {
      if (map == name) return map_of(family, map, name, std::move(args));
    }
  }
  return {&family(name), std::move(args)};  // throws
}

std::unique_ptr<Env> make_named(const std::string& name, config::Map args) {
  const NamedEnv named = find_named(name, std::move(args));
  return named.family->make(named.args);
}

}  // namespace qtot::env
