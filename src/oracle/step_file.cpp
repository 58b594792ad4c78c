#include "qtot/oracle/step_file.h"

#include <nlohmann/json.hpp>
#include <variant>

namespace qtot::oracle {
namespace {

using nlohmann::json;

json to_json(const config::Value& value) {
  return std::visit(
      [](const auto& data) -> json {
        using Data = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<Data, std::monostate> || std::is_same_v<Data, config::List> ||
                      std::is_same_v<Data, config::Map>) {
          return nullptr;
        } else {
          return data;
        }
      },
      value.data);
}

// `meta` with what replaced its keys, so that the file says how its outputs were made
std::string meta_with(const arrays::Npz& file, const config::Map& with) {
  json meta = file.json("meta");
  for (const config::Entry& entry : with) meta["with"][entry.first] = to_json(entry.second);
  return meta.dump();
}

arrays::Array to_array(const std::string& name, const Tensor& tensor,
                       const std::vector<double>& values, Dtype dtype) {
  if (dtype == Dtype::kF32) {
    const std::vector<float> narrow(values.begin(), values.end());
    return arrays::Array::of_floats(name, tensor.shape, narrow);
  }
  return arrays::Array::of_doubles(name, tensor.shape, values);
}

}  // namespace

arrays::Npz step_file(const Case& input, const Step& step, Dtype dtype, const config::Map& with) {
  arrays::Npz file("");
  file.set(arrays::Array::of_text("meta", meta_with(input.file, with)));
  for (const char* prefix : {"in/", "param/", "tparam/"}) {
    for (const std::string& name : input.file.names_under(prefix)) {
      file.set(input.file.at(prefix + name));
    }
  }
  const std::string folder = name_of(dtype == Dtype::kWide ? Dtype::kF64 : dtype) + "/";
  for (const Tensor& tensor : step.tensors) {
    file.set(to_array(folder + tensor.name, tensor, tensor.values, dtype));
    if (!tensor.rest.empty()) {
      file.set(to_array("wide_rest/" + tensor.name, tensor, tensor.rest, dtype));
    }
  }
  return file;
}

}  // namespace qtot::oracle
