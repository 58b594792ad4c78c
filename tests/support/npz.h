#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace qtot::test {

/// One array of an npz file: shape, element type and the raw little-endian bytes in C order (row
/// major). Elements are converted when they are asked for, on a machine of either byte order.
class Array {
 public:
  enum class Dtype { kFloat32, kFloat64, kInt8, kInt16, kInt32, kInt64, kUint8, kBool };

  /// Takes what has been checked: raw.size() is the product of `shape` times the element's size.
  Array(std::string name, Dtype dtype, std::vector<std::size_t> shape, std::vector<std::byte> raw);

  const std::string& name() const { return name_; }  // "<file>: <member>", for messages
  Dtype dtype() const { return dtype_; }
  const std::vector<std::size_t>& shape() const { return shape_; }
  std::size_t size() const;
  std::span<const std::byte> raw() const { return raw_; }
  bool is_float() const { return dtype_ == Dtype::kFloat32 || dtype_ == Dtype::kFloat64; }

  /// Every element type converts to double; int64 beyond 2^53 is an Error, it would be rounded.
  std::vector<double> as_doubles() const;
  /// float32 only: anything else would be rounded or is no number. Error otherwise.
  std::vector<float> as_floats() const;
  /// Integers and bool. Error for float types.
  std::vector<std::int64_t> as_ints() const;
  /// The bytes of an |u1 vector as text.
  std::string as_text() const;

  /// Throws Error, naming both shapes, unless shape() is `expected`.
  const Array& require_shape(const std::vector<std::size_t>& expected) const;

 private:
  std::string name_;
  Dtype dtype_;
  std::vector<std::size_t> shape_;
  std::vector<std::byte> raw_;
};

/// "[2, 3, 4]"
std::string shape_text(const std::vector<std::size_t>& shape);

/// Reader of NumPy's npz: a zip of npy members (format 1.0 to 3.0), stored or deflated. Files come
/// from strangers: sizes are checked against the file before anything is allocated, a checksum that
/// fails, a duplicate, an encrypted, big-endian, Fortran-order, structured or object member and
/// trailing bytes are errors. Every error is an Error that names file and member.
///
/// At most 1 GiB of file, 2 GiB of arrays and 65,536 members.
class Npz {
 public:
  static Npz load(const std::filesystem::path& path);
  /// The same from memory; `source` is the name in messages.
  static Npz parse(std::span<const std::byte> bytes, const std::string& source);

  const std::string& source() const { return source_; }
  bool contains(const std::string& name) const { return arrays_.contains(name); }
  /// Throws Error when there is no such member.
  const Array& at(const std::string& name) const;
  /// Ascending.
  std::vector<std::string> names() const;
  /// Those that begin with `prefix`, ascending, without it.
  std::vector<std::string> names_under(const std::string& prefix) const;
  /// Member `name`, a |u1 vector, as JSON.
  nlohmann::json json(const std::string& name) const;

 private:
  std::string source_;
  std::map<std::string, Array> arrays_;
};

}  // namespace qtot::test
