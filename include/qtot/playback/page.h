#pragma once

#include <string>

#include "qtot/playback/recording.h"

namespace qtot::playback {

/// The recording as JSON, as src/playback/page/recording.js reads it. Numbers are the shortest that
/// read back as the same float; what is not finite is null. Holds no '<', so that it may stand in a
/// <script> element whatever the names in it are, and only ASCII.
std::string page_json(const Recording& recording);

/// The whole page: needs no other file and no network.
std::string page(const Recording& recording);

}  // namespace qtot::playback
