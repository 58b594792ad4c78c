#include "convert.h"

#include <bit>
#include <cstring>

namespace qtot::python {
namespace {

using arrays::Dtype;

// by the letter of numpy.dtype.kind and the size of an element
Dtype dtype_of(const std::string& name, const py::dtype& dtype) {
  switch (dtype.kind() * 16 + static_cast<int>(dtype.itemsize())) {
    case 'f' * 16 + 2:
      return Dtype::kFloat16;
    case 'f' * 16 + 4:
      return Dtype::kFloat32;
    case 'f' * 16 + 8:
      return Dtype::kFloat64;
    case 'i' * 16 + 1:
      return Dtype::kInt8;
    case 'i' * 16 + 2:
      return Dtype::kInt16;
    case 'i' * 16 + 4:
      return Dtype::kInt32;
    case 'i' * 16 + 8:
      return Dtype::kInt64;
    case 'u' * 16 + 1:
      return Dtype::kUint8;
    case 'u' * 16 + 2:
      return Dtype::kUint16;
    case 'u' * 16 + 4:
      return Dtype::kUint32;
    case 'u' * 16 + 8:
      return Dtype::kUint64;
    case 'b' * 16 + 1:
      return Dtype::kBool;
    default:
      throw Error(name + ": expected numbers, found dtype " +
                  std::string(py::str(py::handle(dtype))));
  }
}

config::Value to_value(const std::string& key, const py::handle& object) {
  const std::string origin = "keyword argument";
  if (object.is_none()) return {std::monostate{}, origin};
  if (py::isinstance<py::bool_>(object)) return {object.cast<bool>(), origin};
  if (py::isinstance<py::int_>(object)) {
    try {
      return {object.cast<std::int64_t>(), origin};
    } catch (const py::cast_error&) {
      throw Error(key + ": " + std::string(py::str(object)) + " does not fit 64 bits");
    }
  }
  if (py::isinstance<py::float_>(object)) return {object.cast<double>(), origin};
  if (py::isinstance<py::str>(object)) return {object.cast<std::string>(), origin};
  throw Error(key + ": expected a number, text, True, False or None, found " +
              std::string(py::str(py::type::of(object).attr("__name__"))));
}

// The same, and lists and tuples of such.
config::Value to_value_or_list(const std::string& key, const py::handle& object) {
  if (!py::isinstance<py::list>(object) && !py::isinstance<py::tuple>(object)) {
    return to_value(key, object);
  }
  config::List list;
  for (const py::handle item : object) list.push_back(to_value_or_list(key, item));
  return {std::move(list), "keyword argument"};
}

}  // namespace

std::string shape_text(const py::array& array) {
  return arrays::shape_text({array.shape(), array.shape() + array.ndim()});
}

bool is_readable(const py::array& array) {
  const char order = array.dtype().byteorder();  // '=' also where '<' was asked for and is the same
  return (array.flags() & py::array::c_style) != 0 && (order == '=' || order == '|');
}

arrays::Array to_array(const std::string& name, const py::array& array) {
  static_assert(std::endian::native == std::endian::little,
                "Array holds little-endian bytes, NumPy the machine's");
  const Dtype dtype = dtype_of(name, array.dtype());
  if (!is_readable(array)) throw Error(name + ": expected C order and the machine's byte order");
  std::vector<std::byte> raw(static_cast<std::size_t>(array.nbytes()));
  if (!raw.empty()) std::memcpy(raw.data(), array.data(), raw.size());
  return {name, dtype, {array.shape(), array.shape() + array.ndim()}, std::move(raw)};
}

config::Map to_config(const py::dict& keys) {
  config::Map map;
  for (const auto& [key, value] : keys) {
    const auto name = key.cast<std::string>();
    map.emplace_back(name, to_value(name, value));
  }
  return map;
}

config::Map to_env_args(const py::dict& args) {
  config::Map map;
  for (const auto& [key, value] : args) {
    const auto name = key.cast<std::string>();
    map.emplace_back(name, to_value_or_list(name, value));
  }
  return map;
}

}  // namespace qtot::python
