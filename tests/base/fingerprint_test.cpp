#include "qtot/base/fingerprint.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "qtot/base/error.h"

namespace qtot {
namespace {

// Bytes 3, 10, 17, ... (7 i + 3 mod 256).
std::vector<std::byte> byte_sequence(std::size_t n) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < n; ++i) bytes.push_back(static_cast<std::byte>((7 * i + 3) % 256));
  return bytes;
}

std::string hash_of(std::span<const std::byte> bytes) {
  FingerprintHasher hasher;
  hasher.add_bytes(bytes);
  return hasher.finish().hex();
}

// Made with XXH3_128bits() of xxHash 0.8.1; the lengths take different paths inside it.
TEST(Fingerprint, IsXxh3Of128Bits) {
  EXPECT_EQ(hash_of({}), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash_of(byte_sequence(3)), "ce31763cbf8245a5a9088dda485b481c");
  EXPECT_EQ(hash_of(byte_sequence(100)), "2207ed96998d91f20cc97f05750182b2");
  EXPECT_EQ(hash_of(byte_sequence(300)), "55dbf83207efb80dfd9aa0f0d62e0227");
  EXPECT_EQ(hash_of(byte_sequence(1024)), "18bc0eaca9a336369b81661c641c72b1");
}

TEST(Fingerprint, DoesNotDependOnHowTheBytesWereCut) {
  const std::vector<std::byte> bytes = byte_sequence(1024);
  for (const std::size_t piece : {1U, 7U, 64U, 1000U}) {
    FingerprintHasher hasher;
    std::span<const std::byte> rest = bytes;
    while (!rest.empty()) {
      const std::size_t n = rest.size() < piece ? rest.size() : piece;
      hasher.add_bytes(rest.first(n));
      rest = rest.subspan(n);
    }
    EXPECT_EQ(hasher.finish().hex(), hash_of(bytes)) << piece;
  }
}

// Shifts, not memory: the same on a big-endian machine.
template <std::unsigned_integral Bits>
void append_little_endian(std::vector<std::byte>& bytes, Bits bits) {
  for (std::size_t b = 0; b < sizeof(Bits); ++b) {
    bytes.push_back(static_cast<std::byte>(bits >> (8 * b) & 0xFF));
  }
}

// More values than the block of 256 that a big-endian machine turns round at once.
constexpr std::size_t kMany = 700;

template <class T, class Bits>
void expect_little_endian_bytes() {
  std::vector<T> values;
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < kMany; ++i) {
    values.push_back(static_cast<T>(static_cast<double>(i) * 1234.5));
    append_little_endian(bytes, std::bit_cast<Bits>(values.back()));
  }
  FingerprintHasher hasher;
  hasher.add(std::span<const T>(values));
  EXPECT_EQ(hasher.finish().hex(), hash_of(bytes)) << sizeof(T);
}

TEST(FingerprintHasher, HashesArraysAsTheirLittleEndianBytes) {
  expect_little_endian_bytes<float, std::uint32_t>();
  expect_little_endian_bytes<double, std::uint64_t>();
  expect_little_endian_bytes<std::int32_t, std::uint32_t>();
  expect_little_endian_bytes<std::uint64_t, std::uint64_t>();
}

TEST(FingerprintHasher, HashesSinglesAsTheirLittleEndianBytes) {
  FingerprintHasher hasher;
  hasher.add(std::uint64_t{0x0123456789abcdef});
  hasher.add(-0.1);
  hasher.add(std::string_view("qmix"));
  const std::vector<std::uint8_t> raw = {1, 2, 255};
  hasher.add(std::span<const std::uint8_t>(raw));

  std::vector<std::byte> bytes;
  append_little_endian(bytes, std::uint64_t{0x0123456789abcdef});
  append_little_endian(bytes, std::bit_cast<std::uint64_t>(-0.1));
  append_little_endian(bytes, std::uint64_t{4});
  for (const char c : std::string("qmix")) bytes.push_back(static_cast<std::byte>(c));
  for (const std::uint8_t value : raw) bytes.push_back(static_cast<std::byte>(value));
  EXPECT_EQ(hasher.finish().hex(), hash_of(bytes));
}

TEST(FingerprintHasher, TellsMinusZeroFromZeroAndTextsByTheirBoundary) {
  const auto of_double = [](double x) {
    FingerprintHasher hasher;
    hasher.add(x);
    return hasher.finish();
  };
  const auto of_texts = [](std::string_view a, std::string_view b) {
    FingerprintHasher hasher;
    hasher.add(a);
    hasher.add(b);
    return hasher.finish();
  };
  EXPECT_NE(of_double(0.0), of_double(-0.0));
  EXPECT_NE(of_texts("ab", "c"), of_texts("a", "bc"));
}

TEST(FingerprintHasher, GoesOnAfterFinishAndWhenMoved) {
  const std::vector<std::byte> bytes = byte_sequence(100);
  FingerprintHasher hasher;
  hasher.add_bytes(std::span(bytes).first(40));
  EXPECT_EQ(hasher.finish(), hasher.finish());
  FingerprintHasher moved = std::move(hasher);
  moved.add_bytes(std::span(bytes).subspan(40));
  EXPECT_EQ(moved.finish().hex(), hash_of(bytes));
}

TEST(Fingerprint, HexIsReadBack) {
  const Fingerprint print = {.high = 0x0123456789abcdef, .low = 0x00000000000000fe};
  EXPECT_EQ(print.hex(), "0123456789abcdef00000000000000fe");
  EXPECT_EQ(Fingerprint::from_hex(print.hex(), "digest"), print);
}

TEST(Fingerprint, WhatIsNoHexIsRefusedInOneSentence) {
  const std::string good = Fingerprint{}.hex();
  for (const std::string& text : {std::string(), good + "0", good.substr(1), "g" + good.substr(1),
                                  "A" + good.substr(1), " " + good.substr(1)}) {
    try {
      Fingerprint::from_hex(text, "runs/a/digests.jsonl:3");
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.what(),
                "runs/a/digests.jsonl:3: expected a fingerprint of 32 hex digits, found \"" + text +
                    "\"");
      EXPECT_EQ(error.exit_code(), ExitCode::kBadInput);
    }
  }
}

}  // namespace
}  // namespace qtot
