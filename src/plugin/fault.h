#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "qtot/base/error.h"

namespace qtot::plugin {

/// "plugin coin.so: observe: ..."
[[noreturn]] void fail(const std::string& file, const std::string& entry, const std::string& fault,
                       ExitCode exit_code = ExitCode::kBadInput);

/// Room for the sentence of a plugin.
class Sentence {
 public:
  char* data() { return bytes_.data(); }
  std::uint64_t size() const { return bytes_.size(); }
  /// What was written, fit for one line.
  std::string text() const;

 private:
  std::array<char, 512> bytes_{};
};

}  // namespace qtot::plugin
