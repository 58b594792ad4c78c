#include "determinism/golden_lines.h"

#include <sstream>

#include "qtot/base/error.h"
#include "qtot/base/files.h"

namespace qtot::golden {
namespace {

constexpr std::uint64_t kMaxBytes = 1 << 20;
constexpr const char* kHeading =
    "# Golden fingerprints: case, updates, environment steps, fingerprint of the state. A change "
    "that\n"
    "# is meant to move numbers renews them: qtot_golden --write tests/golden/fingerprints.txt\n";

}  // namespace

std::string Line::text() const {
  return name + " " + std::to_string(update) + " " + std::to_string(steps) + " " +
         fingerprint.hex();
}

std::vector<Line> read_lines(const std::filesystem::path& path) {
  std::istringstream file(read_file(path, kMaxBytes));
  std::vector<Line> lines;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (text.empty() || text.front() == '#') continue;
    const std::string where = path.string() + ":" + std::to_string(number);
    std::istringstream words(text);
    Line line;
    std::string hex, rest;
    if (!(words >> line.name >> line.update >> line.steps >> hex) || words >> rest) {
      throw Error(where + ": expected case, updates, steps, fingerprint, found \"" + text + "\"");
    }
    line.fingerprint = Fingerprint::from_hex(hex, where);
    lines.push_back(line);
  }
  return lines;
}

void write_lines(const std::filesystem::path& path, const std::vector<Line>& lines) {
  std::string text = kHeading;
  for (const Line& line : lines) text += line.text() + "\n";
  write_file_atomically(path, text);
}

}  // namespace qtot::golden
