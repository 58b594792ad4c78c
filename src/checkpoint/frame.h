#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The frame around a payload: its table stands in qtot/checkpoint/checkpoint.h.
namespace qtot::checkpoint {

inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 36;
inline constexpr std::size_t kHeaderBytes = 8 + 4 + 8;
inline constexpr std::size_t kChecksumBytes = 16;

/// Turns kHeaderBytes of room and the payload behind them into a framed file.
void close_frame(std::string& bytes);

struct FrameFault {
  std::string sentence;    // what was expected and what was found
  bool is_damage = false;  // false: whole, but of another format version
};

/// Nothing when `bytes` is a whole frame of this version.
std::optional<FrameFault> check_frame(std::string_view bytes);

/// Of a frame without fault.
std::string_view payload_of(std::string_view bytes);

}  // namespace qtot::checkpoint
