#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qtot/arrays/array.h"

/// What the readers of all formats share.
namespace qtot::arrays {

inline constexpr std::size_t kMaxDims = 16;
inline constexpr std::size_t kMaxMembers = 65536;
inline constexpr std::uint64_t kMaxArrayBytes = std::uint64_t{1} << 31;

/// "<source>: <name>", with the name made printable; the name alone where there is no source.
std::string place_of(const std::string& source, std::string_view name);

/// Throws Error (kFailed): "cannot write <what>: <reason>".
[[noreturn]] void refuse_to_write(const std::string& what, const std::string& reason);

/// Bytes that an array of this shape takes; nothing when that is beyond std::size_t.
std::optional<std::size_t> bytes_of_shape(const std::vector<std::size_t>& shape, Dtype dtype);

/// The number in these bytes, at most 8.
std::uint64_t little_endian(std::span<const std::byte> bytes);

}  // namespace qtot::arrays
