#include "qtot/base/fingerprint.h"

#include <array>
#include <bit>
#include <cstring>

#include "qtot/base/error.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace qtot {

struct FingerprintHasher::State {
  XXH3_state_t xxh3;
};

FingerprintHasher::FingerprintHasher() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->xxh3);
}
FingerprintHasher::~FingerprintHasher() = default;
FingerprintHasher::FingerprintHasher(FingerprintHasher&&) noexcept = default;
FingerprintHasher& FingerprintHasher::operator=(FingerprintHasher&&) noexcept = default;

void FingerprintHasher::add_bytes(std::span<const std::byte> bytes) {
  if (!bytes.empty()) XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

namespace {

// Little-endian bytes of the values, through a small buffer where the machine is big-endian.
template <class T>
void add_little_endian(FingerprintHasher& hasher, std::span<const T> values) {
  if constexpr (std::endian::native == std::endian::little || sizeof(T) == 1) {
    hasher.add_bytes(std::as_bytes(values));
  } else {
    constexpr std::size_t kBlock = 256;
    std::array<std::byte, kBlock * sizeof(T)> buffer;
    while (!values.empty()) {
      const auto block = values.first(std::min(kBlock, values.size()));
      for (std::size_t i = 0; i < block.size(); ++i) {
        std::array<std::byte, sizeof(T)> bytes;
        std::memcpy(bytes.data(), &block[i], sizeof(T));
        for (std::size_t b = 0; b < sizeof(T); ++b) {
          buffer[i * sizeof(T) + b] = bytes[sizeof(T) - 1 - b];
        }
      }
      hasher.add_bytes(std::span<const std::byte>(buffer).first(block.size_bytes()));
      values = values.subspan(block.size());
    }
  }
}

}  // namespace

void FingerprintHasher::add(std::string_view text) {
  add(std::uint64_t{text.size()});
  add_bytes(std::as_bytes(std::span(text)));
}
void FingerprintHasher::add(std::uint64_t value) {
  add_little_endian(*this, std::span<const std::uint64_t>(&value, 1));
}
void FingerprintHasher::add(double value) {
  add(std::bit_cast<std::uint64_t>(value));
}
void FingerprintHasher::add(std::span<const float> values) {
  add_little_endian(*this, values);
}
void FingerprintHasher::add(std::span<const double> values) {
  add_little_endian(*this, values);
}
void FingerprintHasher::add(std::span<const std::uint8_t> values) {
  add_little_endian(*this, values);
}
void FingerprintHasher::add(std::span<const std::int32_t> values) {
  add_little_endian(*this, values);
}
void FingerprintHasher::add(std::span<const std::uint64_t> values) {
  add_little_endian(*this, values);
}

Fingerprint FingerprintHasher::finish() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh3);
  return {.high = hash.high64, .low = hash.low64};
}

std::string Fingerprint::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(half >> shift) & 15];
  }
  return text;
}

Fingerprint Fingerprint::from_hex(std::string_view text, std::string_view what) {
  Fingerprint result;
  bool valid = text.size() == 32;
  for (std::size_t i = 0; valid && i < text.size(); ++i) {
    const char c = text[i];
    valid = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    const auto digit = static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    std::uint64_t& half = i < 16 ? result.high : result.low;
    half = half << 4 | digit;
  }
  if (!valid) {
    throw Error(std::string(what) + ": expected a fingerprint of 32 hex digits, found \"" +
                std::string(text) + "\"");
  }
  return result;
}

}  // namespace qtot
