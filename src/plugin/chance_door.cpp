#include "plugin/chance_door.h"

#include <span>

namespace qtot::plugin {

namespace {

constexpr std::int32_t kSites = 1 << 8;  // of the counter: src/env/chance.cpp
constexpr std::int32_t kIndices = 1 << 16;

}  // namespace

ChanceDoor::ChanceDoor() {
  functions_.source = this;
  functions_.choose = [](void* source, std::int32_t site, std::int32_t index,
                         std::uint32_t n) noexcept -> std::uint32_t {
    ChanceDoor& door = of(source);
    if (!door.admits(site, index, n >= 1, "chance.choose: n = 0, expected at least 1")) return 0;
    return door.chance_->choose(site, index, n);
  };
  functions_.happens = [](void* source, std::int32_t site, std::int32_t index,
                          double p) noexcept -> std::int32_t {
    ChanceDoor& door = of(source);
    if (!door.admits(site, index, p >= 0 && p <= 1, "chance.happens: p lies outside [0, 1]")) {
      return 0;
    }
    return door.chance_->happens(site, index, p) ? 1 : 0;
  };
  functions_.uniform = [](void* source, std::int32_t site, std::int32_t index) noexcept -> double {
    ChanceDoor& door = of(source);
    if (!door.admits(site, index, true, "")) return 0;
    return door.chance_->uniform(site, index);
  };
  functions_.shuffle = [](void* source, std::int32_t site, std::int32_t* items,
                          std::uint32_t n) noexcept {
    ChanceDoor& door = of(source);
    if (!door.admits(site, 0, n == 0 || items != nullptr, "chance.shuffle: items is NULL")) return;
    door.chance_->shuffle(site, std::span<int>(items, n));
  };
}

const qtot_plugin_chance* ChanceDoor::open(env::Chance& chance) {
  chance_ = &chance;
  return &functions_;
}

bool ChanceDoor::admits(std::int32_t site, std::int32_t index, bool is_sound, const char* fault) {
  if (chance_ == nullptr) {
    fault = "chance was asked outside of reset and step";
  } else if (site < 0 || site >= kSites) {
    fault = "chance: the site lies outside [0, 256)";
  } else if (index < 0 || index >= kIndices) {
    fault = "chance: the index lies outside [0, 65536)";
  } else if (is_sound) {
    return true;
  }
  if (*fault_ == '\0') fault_ = fault;
  return false;
}

}  // namespace qtot::plugin
