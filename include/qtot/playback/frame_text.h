#pragma once

#include <cstddef>
#include <string>

#include "qtot/playback/recording.h"

namespace qtot::playback {

/// Slot `slot` of episode `episode` as lines of text: a map of characters where there is a drawing,
/// what Env::text() says where there is none, and the values of every agent. With `use_color` ANSI
/// colours are in it, otherwise nothing but ASCII. What is not printable in a name is written as \xNN.
std::string frame_text(const Recording& recording, std::size_t episode, std::size_t slot,
                       bool use_color);

}  // namespace qtot::playback
