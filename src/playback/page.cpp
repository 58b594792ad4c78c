#include "qtot/playback/page.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "playback/page_template.h"
#include "qtot/base/check.h"

namespace qtot::playback {
namespace {

// floats, so that the shortest text of a float is written and not that of a double
using Json = nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t,
                                  std::uint64_t, float>;

float number(double value) {
  return static_cast<float>(value);
}

Json world_json(const env::Drawing& drawing) {
  return {{"x", number(drawing.x_min)},     {"y", number(drawing.y_min)},
          {"width", number(drawing.width)}, {"height", number(drawing.height)},
          {"up", drawing.y_is_up},          {"cell", number(drawing.cell_size)},
          {"grid", drawing.has_grid}};
}

Json ground_json(const env::Drawing& drawing) {
  Json cells = Json::array();
  for (const env::DrawnCell& cell : drawing.cells) {
    cells.push_back(Json::array({cell.x, cell.y, static_cast<int>(cell.ground), cell.label}));
  }
  return cells;
}

// What rarely changes of a unit: written where it does.
Json looks_json(const env::Drawing& drawing) {
  Json looks = Json::array();
  for (const env::DrawnUnit& unit : drawing.units) {
    looks.push_back({{"kind", unit.kind},
                     {"label", unit.label},
                     {"team", static_cast<int>(unit.team)},
                     {"agent", unit.agent},
                     {"radius", number(unit.radius)},
                     {"health", number(unit.max_health)},
                     {"shield", number(unit.max_shield)},
                     {"energy", number(unit.max_energy)},
                     {"sight", Json::array({number(unit.sight_x), number(unit.sight_y)})},
                     {"window", unit.sight_is_window},
                     {"range", number(unit.range)}});
  }
  return looks;
}

Json units_json(const env::Drawing& drawing) {
  Json units = Json::array();
  for (const env::DrawnUnit& unit : drawing.units) {
    units.push_back(Json::array({number(unit.x), number(unit.y), static_cast<int>(unit.state),
                                 number(unit.health), number(unit.shield), number(unit.energy),
                                 number(unit.facing_x), number(unit.facing_y)}));
  }
  return units;
}

Json deeds_json(const env::Drawing& drawing) {
  Json deeds = Json::array();
  for (const env::DrawnDeed& deed : drawing.deeds) {
    deeds.push_back(Json::array({static_cast<int>(deed.deed), static_cast<int>(deed.team),
                                 number(deed.from_x), number(deed.from_y), number(deed.to_x),
                                 number(deed.to_y), number(deed.radius)}));
  }
  return deeds;
}

// null where the value is that of the slot before
void push_change(Json& list, Json& last, const Json& value) {
  list.push_back(value == last ? Json() : value);
  last = value;
}

void add_drawings(const RecordedEpisode& episode, Json& out) {
  Json ground = Json::array(), looks = Json::array();
  Json units = Json::array(), deeds = Json::array();
  Json last_ground, last_looks;
  for (const RecordedSlot& slot : episode.slots) {
    push_change(ground, last_ground, ground_json(*slot.drawing));
    push_change(looks, last_looks, looks_json(*slot.drawing));
    units.push_back(units_json(*slot.drawing));
    deeds.push_back(deeds_json(*slot.drawing));
  }
  out["world"] = world_json(*episode.slots.front().drawing);
  out["ground"] = std::move(ground);
  out["looks"] = std::move(looks);
  out["units"] = std::move(units);
  out["deeds"] = std::move(deeds);
}

Json episode_json(const RecordedEpisode& episode) {
  Json utilities = Json::array(), avail = Json::array(), actions = Json::array();
  Json q_tot = Json::array(), text = Json::array();
  for (const RecordedSlot& slot : episode.slots) {
    utilities.push_back(slot.utilities);
    std::string flags;
    for (const std::uint8_t flag : slot.avail) flags += flag != 0 ? '1' : '0';
    avail.push_back(flags);
    actions.push_back(slot.actions);
    q_tot.push_back(slot.q_tot ? Json(*slot.q_tot) : Json());
    text.push_back(slot.text);
  }
  QTOT_CHECK(!episode.slots.empty());
  Json out = {{"ticket", episode.ticket},
              {"return", number(episode.stats.episode_return)},
              {"terminated", episode.stats.terminated},
              {"names", episode.action_names},
              {"utilities", std::move(utilities)},
              {"avail", std::move(avail)},
              {"actions", std::move(actions)},
              {"rewards", episode.rewards}};
  if (episode.slots.front().q_tot) out["q_tot"] = std::move(q_tot);
  if (episode.slots.front().drawing) {
    add_drawings(episode, out);
  } else {
    out["text"] = std::move(text);
  }
  return out;
}

}  // namespace

std::string page_json(const Recording& recording) {
  Json document = {{"format", 1},
                   {"title", recording.title},
                   {"checkpoint", recording.checkpoint},
                   {"n_agents", recording.spec.n_agents},
                   {"n_actions", recording.spec.n_actions},
                   {"episode_limit", recording.spec.episode_limit},
                   {"episodes", Json::array()}};
  for (const RecordedEpisode& episode : recording.episodes) {
    document["episodes"].push_back(episode_json(episode));
  }
  constexpr bool kAsciiOnly = true;
  const std::string plain = document.dump(-1, ' ', kAsciiOnly, Json::error_handler_t::replace);
  std::string escaped;
  escaped.reserve(plain.size());
  for (const char c : plain) {
    // '<' stands in strings alone, and there an escape means the same
    if (c == '<') {
      escaped += "\\u003c";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string page(const Recording& recording) {
  constexpr std::string_view kPlace = "{{recording}}";
  const std::size_t place = kPageTemplate.find(kPlace);
  QTOT_CHECK(place != std::string_view::npos);
  std::string out(kPageTemplate.substr(0, place));
  out += page_json(recording);
  out += kPageTemplate.substr(place + kPlace.size());
  return out;
}

}  // namespace qtot::playback
