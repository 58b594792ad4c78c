#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace qtot::test {

inline std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace qtot::test
