#pragma once

#include <span>
#include <string_view>

/// The files of envs/combat/maps and envs/combat/terrains as they were when the library was built:
/// cmake/QtotTexts.cmake writes them into a source file, so that no installed program looks for them.
namespace qtot::envs::combat {

struct TextFile {
  std::string_view name;  // without folder and extension
  std::string_view text;
};

/// In natural order of names: 3m before 10m_vs_11m.
std::span<const TextFile> map_files();
std::span<const TextFile> terrain_files();

}  // namespace qtot::envs::combat
