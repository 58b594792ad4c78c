// The compiled part of the Python package; python/qtot has what users call.

#include "parts.h"
#include "qtot/version.h"

namespace {

void translate(std::exception_ptr thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const qtot::Error& error) {
    const bool is_bad_input = error.exit_code() == qtot::ExitCode::kBadInput;
    PyErr_SetString(is_bad_input ? PyExc_ValueError : PyExc_RuntimeError, error.what());
  }
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "The compiled part of qtot.";
  module.attr("version") = qtot::kVersion;
  pybind11::register_local_exception_translator(&translate);
  module.def("step", &qtot::python::step);
  module.def("check", &qtot::python::check);
  module.def("diagnose", &qtot::python::diagnose);
  module.def("lambda_returns", &qtot::python::lambda_returns);
  module.def("corrected_returns", &qtot::python::corrected_returns);
  module.def("n_step_returns", &qtot::python::n_step_returns);
  module.def("mixer", &qtot::python::mixer);
  qtot::python::add_envs(module);
}
