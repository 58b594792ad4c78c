#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "qtot/checkpoint/state.h"

/// Checkpoint files. The frame, all numbers little-endian:
///
/// | bytes | content                                                  |
/// |-------|----------------------------------------------------------|
/// | 8     | "QTOTCKPT"                                               |
/// | 4     | format version                                           |
/// | 8     | length n of the payload                                  |
/// | n     | payload: a Boost.Serialization archive of State          |
/// | 16    | XXH3-128 of everything before: high half, then low half  |
///
/// The payload is plain: integers of fixed width, floats as their bits, texts and vectors as a 64-bit
/// count and their elements; no pointer, no tracking, no class information. It reads the same on every
/// machine. The frame is verified before a byte reaches Boost, and sizes are checked against what is
/// left of the payload before anything is allocated.
namespace qtot::checkpoint {

inline constexpr std::uint32_t kFormatVersion = 1;

/// The file's bytes. Sizes that do not fit each other are a bug (QTOT_CHECK).
std::string to_bytes(const State& state);

/// Inverse of to_bytes(). Throws Error in one sentence that begins with `what` (the path) when the
/// bytes are no whole checkpoint of this version, or their content does not fit together.
State from_bytes(std::string_view bytes, const std::string& what);

/// Writes the file in one step (write_file_atomically). Throws Error (kFailed).
void save(const std::filesystem::path& path, const State& state);

/// Throws Error as read_file() and from_bytes().
State load(const std::filesystem::path& path);

}  // namespace qtot::checkpoint
