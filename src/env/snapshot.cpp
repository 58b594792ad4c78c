#include "qtot/env/snapshot.h"

#include <sstream>

#include "qtot/base/error.h"

namespace qtot::env {

const std::vector<double>& snapshot_array(const Snapshot& snapshot, const std::string& name,
                                          std::size_t size) {
  for (const auto& [key, values] : snapshot) {
    if (key != name) continue;
    if (values.size() != size) {
      throw Error("snapshot: " + name + " must have " + std::to_string(size) + " numbers, found " +
                  std::to_string(values.size()));
    }
    return values;
  }
  throw Error("snapshot: " + name + " is missing");
}

std::vector<int> snapshot_integers(const Snapshot& snapshot, const std::string& name,
                                   std::size_t size, int low, int high) {
  const std::vector<double>& values = snapshot_array(snapshot, name, size);
  std::vector<int> integers(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double value = values[i];
    // bounds first: a cast of what does not fit is undefined; NaN fails the bounds
    const bool fits = value >= low && value <= high && static_cast<int>(value) == value;
    if (!fits) {
      std::ostringstream os;
      os << "snapshot: " << name << "[" << i << "] = " << value << " must be an integer in [" << low
         << ", " << high << "]";
      throw Error(os.str());
    }
    integers[i] = static_cast<int>(value);
  }
  return integers;
}

int snapshot_integer(const Snapshot& snapshot, const std::string& name, int low, int high) {
  return snapshot_integers(snapshot, name, 1, low, high)[0];
}

}  // namespace qtot::env
