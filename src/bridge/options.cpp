#include "bridge/options.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "bridge/frame.h"
#include "qtot/base/error.h"

namespace qtot::bridge {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const config::Map& map);

// As deep as the reader of configurations allows (yaml.h).
Json to_json(const config::Value& value) {
  return std::visit(
      [](const auto& data) -> Json {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<T, config::List>) {
          Json list = Json::array();
          for (const config::Value& element : data) list.push_back(to_json(element));
          return list;
        } else if constexpr (std::is_same_v<T, config::Map>) {
          return to_json(data);
        } else {
          if constexpr (std::is_same_v<T, double>) {
            if (!std::isfinite(data)) {
              throw Error("env_args.kwargs must have finite numbers, found " +
                          config::Value{data, ""}.text());
            }
          }
          return data;
        }
      },
      value.data);
}

Json to_json(const config::Map& map) {
  Json object = Json::object();
  for (const config::Entry& entry : map) object[entry.first] = to_json(entry.second);
  return object;
}

}  // namespace

void PythonOptions::options(config::Options& o) {
  constexpr int kMaxLimit = 1000000;
  o.add("map_name", map_name,
        "handed to the environment as the keyword argument map_name, unless empty");
  o.add("adapter", adapter, "which interface the environment has; auto: told by its attributes",
        config::one_of({"auto", "pymarl", "pettingzoo", "gymnasium"}));
  o.add("entry", entry,
        "what makes the environment: module:callable or file.py:callable; has no default");
  o.add("kwargs", kwargs, "keyword arguments of the callable");
  o.add("episode_limit", episode_limit,
        "steps after which an episode is cut; 0: what the environment says",
        config::between(0, kMaxLimit));
  o.training(false);
  o.add("python", python, "the interpreter, which needs NumPy");
  o.add("path", path, "folders in which modules are looked for first, with : between them");
  o.add("timeout", timeout, "seconds that the environment has for each answer", config::above(0.0));
}

std::string PythonOptions::open_request() const {
  Json request = {{"entry", entry}, {"adapter", adapter}, {"path", path}};
  request["kwargs"] = to_json(kwargs);
  if (!map_name.empty()) request["kwargs"]["map_name"] = map_name;
  request["episode_limit"] = episode_limit;
  const std::string text = request.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMaxTextBytes) {
    throw Error("env_args.kwargs must be below 1 MiB, found " + std::to_string(text.size()) +
                " bytes");
  }
  return text;
}

}  // namespace qtot::bridge
