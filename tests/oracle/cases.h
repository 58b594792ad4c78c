#pragma once

#include <functional>
#include <string>
#include <vector>

#include "qtot/oracle/case.h"
#include "qtot/oracle/step_file.h"
#include "support/vectors.h"

namespace qtot::test {

/// A file of the conformance suite.
inline std::filesystem::path conformance_case(const std::string& name) {
  return std::filesystem::path(QTOT_SOURCE_DIR) / "tests" / "conformance" / "cases" /
         (name + ".npz");
}

inline config::Map with(const std::string& key, config::Value value) {
  value.origin = "test";
  config::Map map;
  map.emplace_back(key, std::move(value));
  return map;
}
inline config::Map with(const std::string& key, const char* value) {
  return with(key, config::Value{std::string(value), ""});
}
inline config::Map with(const std::string& key, double value) {
  return with(key, config::Value{value, ""});
}
inline config::Map with(const std::string& key, bool value) {
  return with(key, config::Value{value, ""});
}

/// What `path` asks for with some keys replaced, and with the outputs that a learner with `variant` would
/// have stored, in double.
inline oracle::Case case_with_outputs_of(const oracle::Case& input, const oracle::Variant& variant,
                                         const config::Map& keys = {}) {
  const oracle::Step step = oracle::run_step(
      input, oracle::Dtype::kF64,
      {.n_updates = 5, .params = nullptr, .target_params = nullptr, .variant = &variant});
  arrays::Npz file = oracle::step_file(input, step, oracle::Dtype::kF64, keys);
  return oracle::make_case(std::move(file));
}

/// The same array with element `i` replaced by f(element).
inline void alter(arrays::Npz& file, const std::string& name, std::size_t i,
                  const std::function<double(double)>& f) {
  const arrays::Array& old = file.at(name);
  std::vector<double> values = old.as_doubles();
  values.at(i) = f(values.at(i));
  if (old.dtype() == arrays::Dtype::kFloat32) {
    const std::vector<float> narrow(values.begin(), values.end());
    file.set(arrays::Array::of_floats(name, old.shape(), narrow));
  } else if (old.dtype() == arrays::Dtype::kInt8) {
    const std::vector<std::int8_t> narrow(values.begin(), values.end());
    file.set(arrays::Array::of_int8(name, old.shape(), narrow));
  } else {
    file.set(arrays::Array::of_doubles(name, old.shape(), values));
  }
}

}  // namespace qtot::test
