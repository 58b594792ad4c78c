#include "tidy/source_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace qtot::tidy {
namespace {

namespace fs = std::filesystem;

// No string of ours holds two slashes but for addresses, and what is banned stands in no address.
std::string without_comments(std::string text) {
  for (std::size_t at = text.find("//"); at != std::string::npos; at = text.find("//", at)) {
    while (at < text.size() && text[at] != '\n') text[at++] = ' ';
  }
  return text;
}

bool is_source(const fs::path& path) {
  constexpr std::array kEndings = {".h", ".cpp", ".inl", ".def", ".in"};
  return std::ranges::find(kEndings, path.extension().string()) != kEndings.end();
}

}  // namespace

fs::path top() {
  return QTOT_SOURCE_DIR;
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<SourceFile> sources_under(std::initializer_list<std::string> folders) {
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(top() / folder)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      SourceFile file;
      file.path = entry.path().lexically_relative(top()).generic_string();
      file.text = read_text(entry.path());
      file.code = without_comments(file.text);
      files.push_back(file);
    }
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

long line_of(const std::string& text, std::size_t position) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
}

}  // namespace qtot::tidy
