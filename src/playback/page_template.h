#pragma once

#include <string_view>

namespace qtot::playback {

/// src/playback/page/page.html with its style and scripts in it, made by CMake. `{{recording}}` in it
/// stands for the recording.
extern const std::string_view kPageTemplate;

}  // namespace qtot::playback
