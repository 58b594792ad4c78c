#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace qtot {

/// 128 bits that stand for a sequence of values: XXH3-128 over their little-endian bytes, whatever
/// the byte order of the machine. Not cryptographic.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Fingerprint&) const = default;  // NOLINT(modernize-use-nullptr): not a 0

  /// 32 hex digits, high half first.
  std::string hex() const;

  /// Inverse of hex(); throws Error naming `what` when `text` is not 32 hex digits.
  static Fingerprint from_hex(std::string_view text, std::string_view what);
};

/// Collects values in order and gives the Fingerprint of all of them. Spans are hashed as their
/// elements alone; callers add the length where the boundary matters.
class FingerprintHasher {
 public:
  FingerprintHasher();
  ~FingerprintHasher();
  FingerprintHasher(FingerprintHasher&&) noexcept;
  FingerprintHasher& operator=(FingerprintHasher&&) noexcept;

  void add_bytes(std::span<const std::byte> bytes);
  void add(std::string_view text);  // its length (u64), then its bytes
  void add(std::uint64_t value);
  void add(double value);  // its bits
  void add(std::span<const float> values);
  void add(std::span<const double> values);
  void add(std::span<const std::uint8_t> values);
  void add(std::span<const std::int32_t> values);
  void add(std::span<const std::uint64_t> values);

  Fingerprint finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace qtot
