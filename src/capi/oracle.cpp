#include <nlohmann/json.hpp>

#include "capi/handles.h"
#include "qtot/oracle/check.h"
#include "qtot/oracle/diagnose.h"
#include "qtot/oracle/diagnosis_json.h"
#include "qtot/oracle/report.h"
#include "qtot/oracle/tolerance.h"
#include "qtot/oracle/unit_check.h"

namespace qtot::capi {
namespace {

void describe(const qtot_step& step, std::size_t i, qtot_tensor* result) {
  const oracle::Tensor& tensor = step.step.tensors[i];
  *result = {.name = tensor.name.c_str(),
             .rank = step.shapes[i].size(),
             .shape = step.shapes[i].data(),
             .size = tensor.values.size(),
             .values = tensor.values.data(),
             .rest = tensor.rest.empty() ? nullptr : tensor.rest.data()};
}

oracle::Report report_of(qtot_case& input, const oracle::CheckOptions& options) {
  if (oracle::is_unit_file(input.file)) {
    if (!input.with.empty() || options.certified) {
      throw Error(input.file.source() + ": a file of one part takes no keys and no certificate");
    }
    return oracle::check_unit(input.file, options.dtype, options.rule);
  }
  return oracle::check(checked(input), options);
}

}  // namespace

oracle::Dtype dtype_of(qtot_dtype dtype, const char* function) {
  switch (dtype) {
    case QTOT_DTYPE_F32:
      return oracle::Dtype::kF32;
    case QTOT_DTYPE_F64:
      return oracle::Dtype::kF64;
    case QTOT_DTYPE_WIDE:
      return oracle::Dtype::kWide;
    default:
      throw Error(std::string(function) + ": dtype " + std::to_string(dtype) +
                  " is none of QTOT_DTYPE_F32 (0), QTOT_DTYPE_F64 (1) and QTOT_DTYPE_WIDE (2)");
  }
}

}  // namespace qtot::capi

using qtot::capi::guarded;
using qtot::capi::require;

qtot_status qtot_oracle_step(qtot_case* input, qtot_dtype dtype, qtot_step** result) {
  return guarded([&] {
    require(input, "qtot_oracle_step", "input");
    require(result, "qtot_oracle_step", "result");
    const qtot::oracle::Dtype type = qtot::capi::dtype_of(dtype, "qtot_oracle_step");
    auto step = std::make_unique<qtot_step>();
    step->step = qtot::oracle::run_step(qtot::capi::checked(*input), type);
    for (const qtot::oracle::Tensor& tensor : step->step.tensors) {
      step->shapes.emplace_back(tensor.shape.begin(), tensor.shape.end());
    }
    *result = step.release();
  });
}

qtot_status qtot_step_count(const qtot_step* step, uint64_t* n_tensors) {
  return guarded([&] {
    require(step, "qtot_step_count", "step");
    require(n_tensors, "qtot_step_count", "n_tensors");
    *n_tensors = step->step.tensors.size();
  });
}

qtot_status qtot_step_tensor(const qtot_step* step, uint64_t i, qtot_tensor* tensor) {
  return guarded([&] {
    require(step, "qtot_step_tensor", "step");
    require(tensor, "qtot_step_tensor", "tensor");
    const std::size_t n_tensors = step->step.tensors.size();
    if (i >= n_tensors) {
      throw qtot::Error("qtot_step_tensor: there are " + std::to_string(n_tensors) +
                        " tensors, and none of number " + std::to_string(i));
    }
    qtot::capi::describe(*step, i, tensor);
  });
}

qtot_status qtot_step_find(const qtot_step* step, const char* name, qtot_tensor* tensor) {
  return guarded([&] {
    require(step, "qtot_step_find", "step");
    require(name, "qtot_step_find", "name");
    require(tensor, "qtot_step_find", "tensor");
    const qtot::oracle::Tensor* found = step->step.find(name);
    if (found == nullptr) {
      throw qtot::Error(std::string("qtot_step_find: the step has no tensor \"") + name + "\"");
    }
    const auto i = static_cast<std::size_t>(found - step->step.tensors.data());
    qtot::capi::describe(*step, i, tensor);
  });
}

void qtot_step_free(qtot_step* step) {
  const std::unique_ptr<qtot_step> owner(step);
}

qtot_status qtot_oracle_check(qtot_case* input, qtot_dtype dtype, const char* tolerance,
                              char** json, int32_t* agrees) {
  return guarded([&] {
    require(input, "qtot_oracle_check", "input");
    const qtot::oracle::CheckOptions options =
        qtot::oracle::read_tolerance(tolerance != nullptr ? tolerance : "pass",
                                     qtot::capi::dtype_of(dtype, "qtot_oracle_check"));
    const qtot::oracle::Report report = qtot::capi::report_of(*input, options);
    auto text = qtot::capi::text_copy(qtot::oracle::to_json(report).dump(2));
    if (agrees != nullptr) *agrees = report.agrees() ? 1 : 0;
    if (json != nullptr) *json = text.release();
  });
}

qtot_status qtot_oracle_diagnose(qtot_case* input, char** json, int32_t* explained) {
  return guarded([&] {
    require(input, "qtot_oracle_diagnose", "input");
    const qtot::oracle::Diagnosis diagnosis = qtot::oracle::diagnose(qtot::capi::checked(*input));
    auto text = qtot::capi::text_copy(qtot::oracle::to_json(diagnosis).dump(2));
    const bool is_explained = diagnosis.as_asked.agrees() || !diagnosis.explanations.empty();
    if (explained != nullptr) *explained = is_explained ? 1 : 0;
    if (json != nullptr) *json = text.release();
  });
}
