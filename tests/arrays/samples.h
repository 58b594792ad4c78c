#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qtot/arrays/array.h"

namespace qtot::test {

inline std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// As in tests/data: 32 bytes a line.
inline std::string hex_of(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = std::to_integer<unsigned>(bytes[i]);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
    hex += i % 32 == 31 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  return hex;
}

inline const std::vector<arrays::Dtype>& every_dtype() {
  using arrays::Dtype;
  static const std::vector<Dtype> kAll = {
      Dtype::kFloat16, Dtype::kBfloat16, Dtype::kFloat32, Dtype::kFloat64, Dtype::kInt8,
      Dtype::kInt16,   Dtype::kInt32,    Dtype::kInt64,   Dtype::kUint8,   Dtype::kUint16,
      Dtype::kUint32,  Dtype::kUint64,   Dtype::kBool};
  return kAll;
}

/// Rank 0, empty in each way, one element, and more.
inline const std::vector<std::vector<std::size_t>>& many_shapes() {
  static const std::vector<std::vector<std::size_t>> kShapes = {
      {},     {0},    {1},       {3},       {2, 3},
      {0, 4}, {4, 0}, {2, 0, 3}, {2, 3, 4}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}};
  return kShapes;
}

/// Bytes 1, 2, 3, ... (0 and 1 for bool): no two elements alike, every one a number.
inline arrays::Array sample(const std::string& name, arrays::Dtype dtype,
                            std::vector<std::size_t> shape) {
  std::size_t n_bytes = arrays::element_bytes(dtype);
  for (const std::size_t dim : shape) n_bytes *= dim;
  std::vector<std::byte> raw(n_bytes);
  const std::size_t modulus = dtype == arrays::Dtype::kBool ? 2 : 120;
  for (std::size_t i = 0; i < n_bytes; ++i) raw[i] = static_cast<std::byte>((i + 1) % modulus);
  return {name, dtype, std::move(shape), std::move(raw)};
}

/// Whether name, type, shape and every byte are the same.
inline bool same_content(const arrays::Array& a, const arrays::Array& b) {
  return a.name() == b.name() && a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::vector(a.raw().begin(), a.raw().end()) == std::vector(b.raw().begin(), b.raw().end());
}

}  // namespace qtot::test
