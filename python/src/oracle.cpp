#include <nlohmann/json.hpp>

#include "parts.h"
#include "qtot/oracle/check.h"
#include "qtot/oracle/diagnose.h"
#include "qtot/oracle/diagnosis_json.h"
#include "qtot/oracle/report.h"
#include "qtot/oracle/tolerance.h"
#include "qtot/oracle/unit_check.h"

namespace qtot::python {
namespace {

// `source` is a path, or a dict of arrays that messages call `name`
arrays::Npz file_of(const py::object& source, const std::string& name) {
  if (py::isinstance<py::str>(source)) return arrays::Npz::load(source.cast<std::string>());
  arrays::Npz file(name);
  for (const auto& [key, value] : source.cast<py::dict>()) {
    arrays::Array array = to_array(key.cast<std::string>(), value.cast<py::array>());
    array.set_source(name);
    file.set(std::move(array));
  }
  return file;
}

oracle::Case case_of(arrays::Npz file, const py::dict& keys) {
  return oracle::make_case(std::move(file), {.with = to_config(keys), .params = {}});
}

py::array to_numpy_of(oracle::Dtype dtype, std::vector<double> values,
                      const std::vector<std::size_t>& shape) {
  if (dtype != oracle::Dtype::kF32) return to_numpy(std::move(values), shape);
  return to_numpy(std::vector<float>(values.begin(), values.end()), shape);
}

}  // namespace

py::dict step(const py::object& source, const std::string& name, const py::dict& keys,
              const std::string& dtype) {
  const oracle::Dtype type = oracle::read_dtype(dtype);
  const oracle::Case input = case_of(file_of(source, name), keys);
  oracle::Step result;
  {
    const py::gil_scoped_release others_may_run;
    result = oracle::run_step(input, type);
  }
  py::dict arrays;
  for (oracle::Tensor& tensor : result.tensors) {
    const std::vector<double> rest = std::move(tensor.rest);
    arrays[py::str(tensor.name)] = to_numpy_of(type, std::move(tensor.values), tensor.shape);
    if (rest.empty()) continue;
    arrays[py::str("wide_rest/" + tensor.name)] = to_numpy_of(type, rest, tensor.shape);
  }
  return arrays;
}

std::string check(const py::object& source, const std::string& name, const py::dict& keys,
                  const std::string& dtype, const std::string& tolerance) {
  const oracle::CheckOptions options = oracle::read_tolerance(tolerance, oracle::read_dtype(dtype));
  arrays::Npz file = file_of(source, name);
  if (oracle::is_unit_file(file)) {
    if (!keys.empty() || options.certified) {
      throw Error(file.source() + ": a file of one part takes no keys and no certificate");
    }
    const py::gil_scoped_release others_may_run;
    return oracle::to_json(oracle::check_unit(file, options.dtype, options.rule)).dump();
  }
  const oracle::Case input = case_of(std::move(file), keys);
  const py::gil_scoped_release others_may_run;
  return oracle::to_json(oracle::check(input, options)).dump();
}

std::string diagnose(const py::object& source, const std::string& name, const py::dict& keys) {
  const oracle::Case input = case_of(file_of(source, name), keys);
  const py::gil_scoped_release others_may_run;
  return oracle::to_json(oracle::diagnose(input)).dump();
}

}  // namespace qtot::python
