#include "bridge/frame.h"

#include <zlib.h>

#include <array>
#include <cstring>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::bridge {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'Q', 'T', 'P', 'Y'};
constexpr std::size_t kVersionAt = 4, kKindAt = 6, kSequenceAt = 8, kSizeAt = 16, kCrcAt = 20;

}  // namespace

std::uint32_t crc_of(Bytes header, Bytes payload) {
  uLong crc = ::crc32(0, nullptr, 0);
  crc = ::crc32(crc, header.data(), static_cast<uInt>(kCrcAt));
  if (!payload.empty()) crc = ::crc32(crc, payload.data(), static_cast<uInt>(payload.size()));
  return static_cast<std::uint32_t>(crc);
}

std::string frame_of(Kind kind, std::uint64_t sequence, Bytes payload) {
  QTOT_CHECK_LE(payload.size(), kMaxTextBytes);
  std::array<std::uint8_t, kHeaderBytes> header{};
  std::memcpy(header.data(), kMagic.data(), kMagic.size());
  store(kVersion, header.data() + kVersionAt);
  store(static_cast<std::uint16_t>(kind), header.data() + kKindAt);
  store(sequence, header.data() + kSequenceAt);
  store(static_cast<std::uint32_t>(payload.size()), header.data() + kSizeAt);
  store(crc_of(header, payload), header.data() + kCrcAt);
  std::string frame(reinterpret_cast<const char*>(header.data()), header.size());
  frame.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  return frame;
}

Header read_header(Bytes bytes) {
  QTOT_CHECK_GE(bytes.size(), kHeaderBytes);
  const auto* const at = bytes.data();
  if (std::memcmp(at, kMagic.data(), kMagic.size()) != 0) {
    const std::string found(reinterpret_cast<const char*>(at), kMagic.size());
    throw Error("answered with what is no frame: it begins with \"" + printable(found) + "\"");
  }
  if (const auto version = load<std::uint16_t>(at + kVersionAt); version != kVersion) {
    throw Error("answered in version " + std::to_string(version) + " of the frames, expected " +
                std::to_string(kVersion));
  }
  return {.kind = static_cast<Kind>(load<std::uint16_t>(at + kKindAt)),
          .sequence = load<std::uint64_t>(at + kSequenceAt),
          .size = load<std::uint32_t>(at + kSizeAt),
          .crc = load<std::uint32_t>(at + kCrcAt)};
}

}  // namespace qtot::bridge
