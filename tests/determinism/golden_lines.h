#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "qtot/base/fingerprint.h"

namespace qtot::golden {

/// One golden fact: after `update` updates, which had seen `steps` environment steps, the state of the
/// case had this fingerprint.
struct Line {
  std::string name;
  std::int64_t update = 0;
  std::int64_t steps = 0;
  Fingerprint fingerprint;

  bool operator==(const Line&) const = default;
  /// "name update steps fingerprint"
  std::string text() const;
};

/// The lines of a file that write_lines() wrote. Throws Error that names file and line number for
/// anything else.
std::vector<Line> read_lines(const std::filesystem::path& path);

void write_lines(const std::filesystem::path& path, const std::vector<Line>& lines);

}  // namespace qtot::golden
