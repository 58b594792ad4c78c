#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace qtot::tidy {

struct SourceFile {
  std::string path;  // from the top of the tree: "src/base/files.cpp"
  std::string text;
  std::string code;  // text with every // comment blanked; the lines stay where they are
};

/// All *.h, *.cpp, *.inl, *.def and *.in files under these folders of the tree, in the order of their
/// paths.
std::vector<SourceFile> sources_under(std::initializer_list<std::string> folders);

std::string read_text(const std::filesystem::path& path);

/// The tree that the tests were configured from.
std::filesystem::path top();

/// Number of the line in which `position` of `text` lies.
long line_of(const std::string& text, std::size_t position);

}  // namespace qtot::tidy
