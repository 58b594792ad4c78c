#include "arrays/checked.h"

#include <algorithm>
#include <limits>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::arrays {

std::string place_of(const std::string& source, std::string_view name) {
  return source.empty() ? printable(name) : source + ": " + printable(name);
}

void refuse_to_write(const std::string& what, const std::string& reason) {
  throw Error("cannot write " + what + ": " + reason, ExitCode::kFailed);
}

std::optional<std::size_t> bytes_of_shape(const std::vector<std::size_t>& shape, Dtype dtype) {
  // a zero anywhere means no element, however large the rest
  if (std::ranges::find(shape, std::size_t{0}) != shape.end()) return 0;
  std::size_t n_bytes = element_bytes(dtype);
  for (const std::size_t dim : shape) {
    if (n_bytes > std::numeric_limits<std::size_t>::max() / dim) return std::nullopt;
    n_bytes *= dim;
  }
  return n_bytes;
}

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  QTOT_CHECK_LE(bytes.size(), sizeof(std::uint64_t));
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return value;
}

}  // namespace qtot::arrays
