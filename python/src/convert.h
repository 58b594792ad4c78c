#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "qtot/arrays/array.h"
#include "qtot/base/error.h"
#include "qtot/config/value.h"

/// Between Python's objects and qtot's values. The package's Python hands over arrays in C order and the
/// machine's byte order; what else arrives is refused here, not trusted.
namespace qtot::python {

namespace py = pybind11;

/// "[2, 3]"
std::string shape_text(const py::array& array);

/// Whether the elements lie in C order and in the machine's byte order.
bool is_readable(const py::array& array);

/// A copy of the array's bytes under `name`.
arrays::Array to_array(const std::string& name, const py::array& array);

/// Keyword arguments: None, bool, int, float and str. Throws Error, naming the key, for anything else.
config::Map to_config(const py::dict& keys);

/// Arguments of an environment: the same, and lists of these.
config::Map to_env_args(const py::dict& args);

/// The elements where they lie. Throws Error, naming the argument, unless they are of type T, in C order
/// and of `rank` axes. Valid as long as `array` is.
template <class T>
const T* in_place(const char* name, const py::array& array, py::ssize_t rank) {
  if (!is_readable(array) || array.dtype().kind() != py::dtype::of<T>().kind() ||
      array.itemsize() != sizeof(T) || array.ndim() != rank) {
    throw Error(std::string(name) + ": expected " + std::to_string(rank) + " axes of " +
                std::string(py::str(py::handle(py::dtype::of<T>()))) + " in C order, found shape " +
                shape_text(array) + " of " + std::string(py::str(py::handle(array.dtype()))));
  }
  return static_cast<const T*>(array.data());
}

/// An array that owns `values`, without a copy.
template <class T>
py::array_t<T> to_numpy(std::vector<T> values, const std::vector<std::size_t>& shape) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  T* const data = owned->data();
  py::capsule owner(owned.get(), [](void* pointer) {
    const std::unique_ptr<std::vector<T>> last(static_cast<std::vector<T>*>(pointer));
  });
  static_cast<void>(owned.release());  // the capsule's now
  return py::array_t<T>(shape, data, owner);
}

}  // namespace qtot::python
