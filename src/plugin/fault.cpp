#include "plugin/fault.h"

#include <algorithm>

#include "qtot/base/printable.h"

namespace qtot::plugin {

void fail(const std::string& file, const std::string& entry, const std::string& fault,
          ExitCode exit_code) {
  throw Error("plugin " + file + ": " + entry + ": " + fault, exit_code);
}

std::string Sentence::text() const {
  const auto end = std::find(bytes_.begin(), bytes_.end(), '\0');
  return printable(std::string(bytes_.begin(), end));
}

}  // namespace qtot::plugin
