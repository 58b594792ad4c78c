#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "qtot/math/philox.h"

namespace qtot::test {

/// Numbers for the `variant`-th damage of a file, the same on every machine.
inline math::Draws draws_of(std::uint64_t seed, std::uint64_t variant) {
  return math::Draws({.seed = seed, .stream = math::Stream::kInit, .ticket = variant});
}

inline std::size_t below(math::Draws& draws, std::size_t n) {
  return draws.below(static_cast<std::uint32_t>(n));
}

/// The bytes with one damage somewhere in [begin, end), begin < end: what a bad disk, a broken
/// transfer or a careless hand does. May leave them as they were.
inline std::string damaged(std::string bytes, std::size_t begin, std::size_t end,
                           math::Draws& draws) {
  constexpr int kKinds = 9;
  const std::size_t at = begin + below(draws, end - begin);
  const std::size_t other = begin + below(draws, end - begin);
  const std::size_t n = std::min<std::size_t>(1 + below(draws, 64), end - at);
  const std::size_t n_field = std::min<std::size_t>({4, end - at, end - other});
  switch (draws.below(kKinds)) {
    case 0:  // a flipped bit
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << draws.below(8));
      break;
    case 1:  // any other byte
      bytes[at] = static_cast<char>(draws.below(256));
      break;
    case 2:  // cut short
      bytes.resize(at);
      break;
    case 3:  // a piece is missing
      bytes.erase(at, n);
      break;
    case 4:  // a piece came twice
      bytes.insert(at, bytes.substr(at, n));
      break;
    case 5:  // a block of zeros
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, '\0');
      break;
    case 6:  // two fields (lengths, offsets, checksums) swapped
      for (std::size_t i = 0; i < n_field; ++i) std::swap(bytes[at + i], bytes[other + i]);
      break;
    case 7:  // a length of 2^31 - 1 or 2^32 - 1
      for (std::size_t i = 0; i < n_field; ++i) bytes[at + i] = '\xff';
      if (draws.below(2) == 0) bytes[at + n_field - 1] = '\x7f';
      break;
    case 8:  // a digit of a header, edited
      for (std::size_t i = at; i < end; ++i) {
        if (bytes[i] < '0' || bytes[i] > '9') continue;
        bytes[i] = static_cast<char>('0' + draws.below(10));
        break;
      }
      break;
  }
  return bytes;
}

}  // namespace qtot::test
