#pragma once

#include <string>

#include "qtot/playback/recording.h"

namespace qtot::cli {

/// Whether --replay was given "-", the terminal, in place of a file.
bool is_terminal_replay(const std::string& file);

/// Writes the page, whole or not at all; or the frames to stdout one after the other, with pauses in
/// between where that is a terminal.
void show_replay(const playback::Recording& recording, const std::string& file);

}  // namespace qtot::cli
