#pragma once

#include <cstdint>
#include <utility>

#include "qtot/env/chance.h"
#include "qtot/env/plugin.h"

namespace qtot::plugin {

/// env::Chance as functions of C. Open during a call of reset() or step() alone. A question that cannot be
/// answered has the answer 0 and is a fault, which the caller looks for when the call is over: no
/// exception may pass through the plugin.
class ChanceDoor {
 public:
  ChanceDoor();
  ChanceDoor(const ChanceDoor&) = delete;
  ChanceDoor& operator=(const ChanceDoor&) = delete;

  const qtot_plugin_chance* open(env::Chance& chance);
  void close() { chance_ = nullptr; }
  /// The first fault since this was asked last, "" when there was none.
  const char* take_fault() { return std::exchange(fault_, ""); }

 private:
  // Whether the question can be asked.
  bool admits(std::int32_t site, std::int32_t index, bool is_sound, const char* fault);

  static ChanceDoor& of(void* source) { return *static_cast<ChanceDoor*>(source); }

  qtot_plugin_chance functions_{};
  env::Chance* chance_ = nullptr;
  const char* fault_ = "";
};

}  // namespace qtot::plugin
