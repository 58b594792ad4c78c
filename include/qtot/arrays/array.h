#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Named arrays in files that strangers send: npz (npz.h), its members npy (npy.h), and safetensors
/// (safetensors.h). Nothing that such a file says is believed before it is checked: bounds first,
/// memory after. Every fault is an Error that names file and member.
namespace qtot::arrays {

/// Type of the elements. npy knows all but kBfloat16.
enum class Dtype {
  kFloat16,   // IEEE binary16
  kBfloat16,  // the upper half of a float32
  kFloat32,
  kFloat64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kBool,  // one byte, 0 is false
};

/// 1, 2, 4 or 8.
std::size_t element_bytes(Dtype dtype);

/// "float32", "bool", ...
std::string_view name_of(Dtype dtype);

/// "[2, 3, 4]"
std::string shape_text(const std::vector<std::size_t>& shape);

/// One array: shape, element type and the raw little-endian bytes in C order (row major). Elements
/// are converted when they are asked for, on a machine of either byte order.
class Array {
 public:
  using Dtype = arrays::Dtype;

  /// Takes what has been checked: raw.size() is the product of `shape` times the element's size
  /// (QTOT_CHECK). `source` is the file that it was read from, for messages; empty for none.
  Array(std::string name, Dtype dtype, std::vector<std::size_t> shape, std::vector<std::byte> raw,
        std::string source = {});

  /// An array of these values in C order; values.size() is the product of `shape` (QTOT_CHECK).
  static Array of_floats(std::string name, std::vector<std::size_t> shape,
                         std::span<const float> values);
  static Array of_doubles(std::string name, std::vector<std::size_t> shape,
                          std::span<const double> values);
  static Array of_int8(std::string name, std::vector<std::size_t> shape,
                       std::span<const std::int8_t> values);
  static Array of_int16(std::string name, std::vector<std::size_t> shape,
                        std::span<const std::int16_t> values);
  static Array of_int32(std::string name, std::vector<std::size_t> shape,
                        std::span<const std::int32_t> values);
  static Array of_int64(std::string name, std::vector<std::size_t> shape,
                        std::span<const std::int64_t> values);
  static Array of_uint8(std::string name, std::vector<std::size_t> shape,
                        std::span<const std::uint8_t> values);
  /// A vector of uint8: the bytes of the text.
  static Array of_text(std::string name, std::string_view text);

  const std::string& name() const { return name_; }
  /// "<file>: <name>", or the name alone where there is no file: what messages begin with. Bytes of
  /// the name that are no printable ASCII stand as \xNN, so that a message is one line.
  std::string place() const;
  void set_source(std::string source) { source_ = std::move(source); }

  Dtype dtype() const { return dtype_; }
  const std::vector<std::size_t>& shape() const { return shape_; }
  /// Number of elements.
  std::size_t size() const { return raw_.size() / element_bytes(dtype_); }
  std::span<const std::byte> raw() const { return raw_; }
  /// One of the four float types.
  bool is_float() const;

  /// Every element type converts to double, exactly; an integer beyond 2^53 is an Error, it would
  /// be rounded.
  std::vector<double> as_doubles() const;
  /// float32, and float16 and bfloat16, which widen exactly. Error otherwise: anything else would be
  /// rounded or is no number.
  std::vector<float> as_floats() const;
  /// Integers and bool (0 or 1). Error for float types and for uint64 from 2^63 on.
  std::vector<std::int64_t> as_ints() const;
  /// The bytes of a uint8 vector as text. Error for any other type or shape.
  std::string as_text() const;

  /// Throws Error, naming both shapes, unless shape() is `expected`.
  const Array& require_shape(const std::vector<std::size_t>& expected) const;

 private:
  std::string name_;
  std::string source_;
  Dtype dtype_;
  std::vector<std::size_t> shape_;
  std::vector<std::byte> raw_;
};

}  // namespace qtot::arrays
