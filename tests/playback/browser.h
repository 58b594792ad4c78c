#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace qtot::test {

/// Opens the page in a headless Chromium without a network, lets `milliseconds` of its own time pass,
/// which takes no time of ours, and returns what the page says of itself with `test` in its fragment
/// (docs/replay.md). null, and a failure of the test, when it says nothing.
nlohmann::json page_check(const std::filesystem::path& page, const std::string& fragment,
                          int milliseconds = 50);

}  // namespace qtot::test
