#include "checkpoint/frame.h"

#include <span>

#include "qtot/base/check.h"
#include "qtot/base/fingerprint.h"
#include "qtot/checkpoint/checkpoint.h"

namespace qtot::checkpoint {
namespace {

constexpr std::string_view kMagic = "QTOTCKPT";
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kLengthAt = 12;

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t n_bytes) {
  for (std::size_t i = 0; i < n_bytes; ++i) {
    bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xFF);
  }
}

std::uint64_t get(std::string_view bytes, std::size_t at, std::size_t n_bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = n_bytes; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

Fingerprint checksum_of(std::string_view bytes) {
  FingerprintHasher hasher;
  hasher.add_bytes(std::as_bytes(std::span(bytes)));
  return hasher.finish();
}

// Nothing, or why the bytes are not what close_frame() wrote.
std::optional<std::string> damage(std::string_view bytes) {
  const std::uint64_t n_payload = bytes.size() - kHeaderBytes - kChecksumBytes;
  const std::uint64_t length = get(bytes, kLengthAt, 8);
  if (length != n_payload) {
    return "expected a payload of " + std::to_string(length) + " bytes, found " +
           std::to_string(n_payload) + ": the file is damaged";
  }
  const std::size_t at = bytes.size() - kChecksumBytes;
  const Fingerprint stored{.high = get(bytes, at, 8), .low = get(bytes, at + 8, 8)};
  const Fingerprint found = checksum_of(bytes.substr(0, at));
  if (stored != found) {
    return "expected the checksum " + stored.hex() + ", found " + found.hex() +
           ": the file is damaged";
  }
  return std::nullopt;
}

}  // namespace

void close_frame(std::string& bytes) {
  QTOT_CHECK_GE(bytes.size(), kHeaderBytes);
  bytes.replace(0, kMagic.size(), kMagic);
  put(bytes, kVersionAt, kFormatVersion, 4);
  put(bytes, kLengthAt, bytes.size() - kHeaderBytes, 8);
  const Fingerprint checksum = checksum_of(bytes);
  const std::size_t at = bytes.size();
  bytes.resize(at + kChecksumBytes);
  put(bytes, at, checksum.high, 8);
  put(bytes, at + 8, checksum.low, 8);
}

std::optional<FrameFault> check_frame(std::string_view bytes) {
  constexpr std::size_t kMinBytes = kHeaderBytes + kChecksumBytes;
  if (bytes.size() < kMinBytes) {
    return FrameFault{"expected a checkpoint of at least " + std::to_string(kMinBytes) +
                          " bytes, found " + std::to_string(bytes.size()) +
                          ": the file is too short",
                      true};
  }
  if (!bytes.starts_with(kMagic)) {
    return FrameFault{"not a qtot checkpoint: expected it to begin with " + std::string(kMagic),
                      true};
  }
  const std::optional<std::string> damaged = damage(bytes);
  const std::uint64_t version = get(bytes, kVersionAt, 4);
  if (version != kFormatVersion) {
    std::string sentence = "expected format version " + std::to_string(kFormatVersion) +
                           ", found " + std::to_string(version);
    if (damaged) sentence += "; its checksum differs, too: the file may be damaged";
    return FrameFault{sentence, damaged.has_value()};
  }
  if (damaged) return FrameFault{*damaged, true};
  return std::nullopt;
}

std::string_view payload_of(std::string_view bytes) {
  QTOT_CHECK_GE(bytes.size(), kHeaderBytes + kChecksumBytes);
  return bytes.substr(kHeaderBytes, bytes.size() - kHeaderBytes - kChecksumBytes);
}

}  // namespace qtot::checkpoint
