#pragma once

#include <span>
#include <string_view>

namespace qtot::bridge {

struct TextFile {
  std::string_view name;  // without folder and extension
  std::string_view text;
};

/// The files of src/bridge/host as they were when the library was built (cmake/QtotTexts.cmake).
std::span<const TextFile> host_files();

}  // namespace qtot::bridge
