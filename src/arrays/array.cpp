#include "qtot/arrays/array.h"

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "arrays/checked.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::arrays {
namespace {

struct DtypeFacts {
  Dtype dtype;
  std::string_view name;
  std::size_t n_bytes;
};

// in the order of the enumeration
constexpr std::array<DtypeFacts, 13> kDtypes = {{
    {Dtype::kFloat16, "float16", 2},
    {Dtype::kBfloat16, "bfloat16", 2},
    {Dtype::kFloat32, "float32", 4},
    {Dtype::kFloat64, "float64", 8},
    {Dtype::kInt8, "int8", 1},
    {Dtype::kInt16, "int16", 2},
    {Dtype::kInt32, "int32", 4},
    {Dtype::kInt64, "int64", 8},
    {Dtype::kUint8, "uint8", 1},
    {Dtype::kUint16, "uint16", 2},
    {Dtype::kUint32, "uint32", 4},
    {Dtype::kUint64, "uint64", 8},
    {Dtype::kBool, "bool", 1},
}};

const DtypeFacts& facts(Dtype dtype) {
  const DtypeFacts& found = kDtypes.at(static_cast<std::size_t>(dtype));
  QTOT_CHECK(found.dtype == dtype);
  return found;
}

// The element's bits as an unsigned integer, sign-extended for the signed types.
template <class Integer>
Integer integer_from(const std::byte* bytes) {
  using Bits = std::make_unsigned_t<Integer>;
  return static_cast<Integer>(static_cast<Bits>(little_endian(std::span(bytes, sizeof(Integer)))));
}

// binary16 has 5 bits of exponent (bias 15) and 10 of fraction; all its values are floats.
float widen_float16(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half >> 15) << 31;
  const std::uint32_t exponent = half >> 10 & 31U;
  const std::uint32_t fraction = half & 1023U;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;  // subnormal or 0: exact
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

float float_at(Dtype dtype, const std::byte* p) {
  if (dtype == Dtype::kFloat32) return std::bit_cast<float>(integer_from<std::uint32_t>(p));
  const auto half = integer_from<std::uint16_t>(p);
  if (dtype == Dtype::kFloat16) return widen_float16(half);
  QTOT_CHECK(dtype == Dtype::kBfloat16);
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
}

// Any integer but those of uint64 from 2^63 on, which the caller refuses.
std::int64_t integer_at(Dtype dtype, const std::byte* p) {
  switch (dtype) {
    case Dtype::kInt8:
      return integer_from<std::int8_t>(p);
    case Dtype::kInt16:
      return integer_from<std::int16_t>(p);
    case Dtype::kInt32:
      return integer_from<std::int32_t>(p);
    case Dtype::kInt64:
    case Dtype::kUint64:
      return integer_from<std::int64_t>(p);
    case Dtype::kUint8:
      return integer_from<std::uint8_t>(p);
    case Dtype::kUint16:
      return integer_from<std::uint16_t>(p);
    case Dtype::kUint32:
      return integer_from<std::uint32_t>(p);
    case Dtype::kBool:
      return integer_from<std::uint8_t>(p) != 0 ? 1 : 0;
    case Dtype::kFloat16:
    case Dtype::kBfloat16:
    case Dtype::kFloat32:
    case Dtype::kFloat64:
      break;
  }
  QTOT_CHECK(false && "a float type is no integer");
  return 0;
}

template <class T>
Array from_values(std::string name, Dtype dtype, std::vector<std::size_t> shape,
                  std::span<const T> values) {
  std::vector<std::byte> raw(values.size_bytes());
  if (!values.empty()) std::memcpy(raw.data(), values.data(), raw.size());
  if constexpr (std::endian::native == std::endian::big) {
    for (std::size_t i = 0; i < raw.size(); i += sizeof(T)) {
      for (std::size_t b = 0; b < sizeof(T) / 2; ++b) {
        std::swap(raw[i + b], raw[i + sizeof(T) - 1 - b]);
      }
    }
  }
  return {std::move(name), dtype, std::move(shape), std::move(raw)};
}

}  // namespace

std::size_t element_bytes(Dtype dtype) {
  return facts(dtype).n_bytes;
}

std::string_view name_of(Dtype dtype) {
  return facts(dtype).name;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

Array::Array(std::string name, Dtype dtype, std::vector<std::size_t> shape,
             std::vector<std::byte> raw, std::string source)
    : name_(std::move(name)),
      source_(std::move(source)),
      dtype_(dtype),
      shape_(std::move(shape)),
      raw_(std::move(raw)) {
  QTOT_CHECK(bytes_of_shape(shape_, dtype_) == raw_.size());
}

Array Array::of_floats(std::string name, std::vector<std::size_t> shape,
                       std::span<const float> values) {
  return from_values(std::move(name), Dtype::kFloat32, std::move(shape), values);
}

Array Array::of_doubles(std::string name, std::vector<std::size_t> shape,
                        std::span<const double> values) {
  return from_values(std::move(name), Dtype::kFloat64, std::move(shape), values);
}

Array Array::of_int8(std::string name, std::vector<std::size_t> shape,
                     std::span<const std::int8_t> values) {
  return from_values(std::move(name), Dtype::kInt8, std::move(shape), values);
}

Array Array::of_int16(std::string name, std::vector<std::size_t> shape,
                      std::span<const std::int16_t> values) {
  return from_values(std::move(name), Dtype::kInt16, std::move(shape), values);
}

Array Array::of_int32(std::string name, std::vector<std::size_t> shape,
                      std::span<const std::int32_t> values) {
  return from_values(std::move(name), Dtype::kInt32, std::move(shape), values);
}

Array Array::of_int64(std::string name, std::vector<std::size_t> shape,
                      std::span<const std::int64_t> values) {
  return from_values(std::move(name), Dtype::kInt64, std::move(shape), values);
}

Array Array::of_uint8(std::string name, std::vector<std::size_t> shape,
                      std::span<const std::uint8_t> values) {
  return from_values(std::move(name), Dtype::kUint8, std::move(shape), values);
}

Array Array::of_text(std::string name, std::string_view text) {
  return from_values(std::move(name), Dtype::kUint8, {text.size()}, std::span<const char>(text));
}

std::string Array::place() const {
  return place_of(source_, name_);
}

bool Array::is_float() const {
  return dtype_ == Dtype::kFloat16 || dtype_ == Dtype::kBfloat16 || dtype_ == Dtype::kFloat32 ||
         dtype_ == Dtype::kFloat64;
}

std::vector<double> Array::as_doubles() const {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  std::vector<double> values;
  values.reserve(size());
  if (dtype_ == Dtype::kFloat64) {
    for (std::size_t i = 0; i < size(); ++i) {
      values.push_back(std::bit_cast<double>(integer_from<std::uint64_t>(raw_.data() + 8 * i)));
    }
  } else if (is_float()) {
    for (const float value : as_floats()) values.push_back(value);
  } else {
    for (const std::int64_t value : as_ints()) {
      if (value > kExact || value < -kExact) {
        throw Error(place() + ": expected integers that are exact in double, found " +
                    std::to_string(value));
      }
      values.push_back(static_cast<double>(value));
    }
  }
  return values;
}

std::vector<float> Array::as_floats() const {
  if (!is_float() || dtype_ == Dtype::kFloat64) {
    throw Error(place() + ": expected elements of float32, found " + std::string(name_of(dtype_)));
  }
  const std::size_t step = element_bytes(dtype_);
  std::vector<float> values;
  values.reserve(size());
  for (std::size_t i = 0; i < raw_.size(); i += step) {
    values.push_back(float_at(dtype_, raw_.data() + i));
  }
  return values;
}

std::vector<std::int64_t> Array::as_ints() const {
  if (is_float()) {
    throw Error(place() + ": expected integer elements, found " + std::string(name_of(dtype_)));
  }
  const std::size_t step = element_bytes(dtype_);
  std::vector<std::int64_t> values;
  values.reserve(size());
  for (std::size_t i = 0; i < raw_.size(); i += step) {
    const std::int64_t value = integer_at(dtype_, raw_.data() + i);
    if (dtype_ == Dtype::kUint64 && value < 0) {
      throw Error(place() + ": expected integers below 2^63, found " +
                  std::to_string(static_cast<std::uint64_t>(value)));
    }
    values.push_back(value);
  }
  return values;
}

std::string Array::as_text() const {
  if (dtype_ != Dtype::kUint8 || shape_.size() != 1) {
    throw Error(place() + ": expected text as a vector of uint8, found " +
                std::string(name_of(dtype_)) + " of shape " + shape_text(shape_));
  }
  return {reinterpret_cast<const char*>(raw_.data()), raw_.size()};
}

const Array& Array::require_shape(const std::vector<std::size_t>& expected) const {
  if (shape_ != expected) {
    throw Error(place() + ": expected shape " + shape_text(expected) + ", found " +
                shape_text(shape_));
  }
  return *this;
}

}  // namespace qtot::arrays
