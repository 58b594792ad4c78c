#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// What travels between qtot and a host script: a header of fixed size, then the payload.
///
///   offset  0  magic     4 bytes "QTPY"
///           4  version   u16  kVersion
///           6  kind      u16  Kind
///           8  sequence  u64  number of the request, from 0; a reply carries its request's
///          16  size      u32  bytes of the payload
///          20  crc       u32  CRC-32 (zlib's) of the 20 bytes above and the payload
///
/// Every number is little-endian. The payloads:
///
///   kOpen   JSON: what to load                    -> kSpec   JSON: sizes (spec.h)
///   kReset  u64 seed                              -> kSlot
///   kStep   i32 actions [N]                       -> kSlot
///   kClose  nothing                               -> the end of the process
///
///   kSlot   u32 flags, u32 0, f64 rewards [R], f32 obs [N * O], f32 state [S], u8 avail [N * A]
///   kFault  JSON: what an exception said; instead of any reply
namespace qtot::bridge {

enum class Kind : std::uint16_t {
  kOpen = 1,
  kReset = 2,
  kStep = 3,
  kClose = 4,
  kSpec = 16,
  kSlot = 17,
  kFault = 18,
};

constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 24;
constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;  // of JSON, either way

/// Of a kSlot. At most one of the first two; kWon with kTerminated alone.
enum SlotFlag : std::uint32_t { kTerminated = 1, kTruncated = 2, kWon = 4 };

using Bytes = std::span<const std::uint8_t>;

struct Header {
  Kind kind = Kind::kFault;
  std::uint64_t sequence = 0;
  std::uint32_t size = 0;
  std::uint32_t crc = 0;
};

/// Header and payload, ready to be sent.
std::string frame_of(Kind kind, std::uint64_t sequence, Bytes payload);

/// Reads the first kHeaderBytes of `bytes`. Throws Error when magic or version are not ours.
Header read_header(Bytes bytes);

/// The CRC that a frame of this header and payload must have.
std::uint32_t crc_of(Bytes header, Bytes payload);

/// Unsigned integers in little-endian order, whatever the machine's.
template <class T>
T load(const std::uint8_t* from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(from[i]) << (8 * i)));
  }
  return value;
}
template <class T>
void store(T value, std::uint8_t* to) {
  for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
inline float load_float(const std::uint8_t* from) {
  return std::bit_cast<float>(load<std::uint32_t>(from));
}
inline double load_double(const std::uint8_t* from) {
  return std::bit_cast<double>(load<std::uint64_t>(from));
}

inline Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace qtot::bridge
