#include "envs/combat/map_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "envs/combat/map_files.h"
#include "envs/combat/placement.h"
#include "envs/combat/scenario.h"
#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::envs::combat {
namespace {

constexpr int kMaxSteps = 100000;
constexpr int kMaxWeight = 1000000;
constexpr std::string_view kBlanks = " \t\r";
constexpr char kWalkable = '_';
constexpr char kBlocked = 'X';
constexpr std::array<std::pair<std::string_view, Positions>, 3> kPositions = {
    {{"surround", Positions::kSurround},
     {"reflect", Positions::kReflect},
     {"surround_and_reflect", Positions::kSurroundAndReflect}}};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// The parts between separators, trimmed; an empty part is kept.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = text.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

template <class Number>
std::optional<Number> number_in(std::string_view word) {
  Number number{};
  const char* end = word.data() + word.size();
  const auto [after, fault] = std::from_chars(word.data(), end, number);
  if (fault != std::errc() || after != end) return std::nullopt;
  return number;
}

std::string known_units() {
  std::string names;
  for (int i = 0; i < kNumUnitKinds; ++i) {
    names += (i == 0 ? "" : ", ") + std::string(unit_type(static_cast<UnitKind>(i)).name);
  }
  return names;
}

std::string known_terrains() {
  std::string names;
  for (const TextFile& file : terrain_files()) {
    names += (names.empty() ? "" : ", ") + std::string(file.name);
  }
  return names;
}

}  // namespace

MapReader::MapReader(std::string_view text, std::string origin) : origin_(std::move(origin)) {
  int number = 0;
  for (const std::string_view whole : split(text, '\n')) {
    ++number;
    const std::string_view line = trimmed(whole.substr(0, whole.find('#')));
    if (!line.empty()) lines_.push_back({number, line});
  }
}

CombatMap MapReader::read(const std::string& name) {
  CombatMap map;
  map.name = name;
  while (next_ < lines_.size()) {
    const Line& line = lines_[next_];
    ++next_;
    read_line(line, map);
  }
  check_whole(map);
  if (team_line_) {
    finish_scenario(map);
  } else {
    check_groups(map);
    check_starts(map);
  }
  return map;
}

void MapReader::fail(const Line& line, const std::string& expected) const {
  throw Error(origin_ + ":" + std::to_string(line.number) + ": expected " + expected +
              ", found \"" + printable(line.text) + "\"");
}

void MapReader::fail_whole(const std::string& what) const {
  throw Error(origin_ + ": " + what);
}

void MapReader::read_line(const Line& line, CombatMap& map) {
  const std::string_view keyword = words_of(line.text).front();
  if (keyword == "limit") {
    read_limit(line, map);
  } else if (keyword == "attack_point") {
    read_attack_point(line, map);
  } else if (keyword == "ally" || keyword == "enemy") {
    read_group(line, map);
  } else if (keyword == "terrain") {
    read_terrain(line, map);
  } else if (keyword == "team") {
    read_team(line, map);
  } else if (keyword == "never_alone") {
    read_never_alone(line);
  } else if (keyword == "positions") {
    read_positions(line);
  } else {
    fail(line,
         "a line that begins with limit, attack_point, ally, enemy, team, never_alone, positions "
         "or terrain");
  }
}

void MapReader::read_limit(const Line& line, CombatMap& map) {
  if (has_limit_) fail(line, "one line `limit`");
  has_limit_ = true;
  const std::vector<std::string_view> words = words_of(line.text);
  const std::optional<int> steps = words.size() == 2 ? number_in<int>(words[1]) : std::nullopt;
  if (!steps || *steps < 1 || *steps > kMaxSteps) {
    fail(line, "`limit STEPS` with STEPS from 1 to " + std::to_string(kMaxSteps));
  }
  map.episode_limit = *steps;
}

void MapReader::read_attack_point(const Line& line, CombatMap& map) {
  if (has_attack_point_) fail(line, "one line `attack_point`");
  has_attack_point_ = true;
  const std::string form = "`attack_point X Y`";
  const std::vector<std::string_view> words = words_of(line.text);
  if (words.size() != 3) fail(line, form);
  map.attack_x = read_coordinate(line, words[1], form);
  map.attack_y = read_coordinate(line, words[2], form);
}

void MapReader::read_group(const Line& line, CombatMap& map) {
  const std::string form = "`ally X Y: COUNT UNIT, ...` or the same with `enemy`";
  const std::size_t colon = line.text.find(':');
  if (colon == std::string_view::npos) fail(line, form);
  const std::vector<std::string_view> head = words_of(line.text.substr(0, colon));
  if (head.size() != 3) fail(line, form);

  Group group{.side = head[0] == "ally" ? Side::kAlly : Side::kEnemy, .squads = {}};
  group.x = read_coordinate(line, head[1], form);
  group.y = read_coordinate(line, head[2], form);
  for (const std::string_view part : split(line.text.substr(colon + 1), ',')) {
    group.squads.push_back(read_squad(line, part));
  }
  map.groups.push_back(std::move(group));
  group_lines_.push_back(line);
}

Squad MapReader::read_squad(const Line& line, std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() != 2) fail(line, "`COUNT UNIT` between commas");
  const std::optional<int> count = number_in<int>(words[0]);
  if (!count || *count < 1 || *count > kMaxUnits - n_units_) {
    fail(line, "a count of at least 1, and at most " + std::to_string(kMaxUnits) +
                   " units on the whole map");
  }
  const UnitKind kind = read_kind(line, words[1]);
  n_units_ += *count;
  return {kind, *count};
}

UnitKind MapReader::read_kind(const Line& line, std::string_view word) const {
  const std::optional<UnitKind> kind = unit_kind(word);
  if (!kind) fail(line, "one of the units " + known_units());
  return *kind;
}

void MapReader::read_team(const Line& line, CombatMap& map) {
  if (team_line_) fail(line, "one line `team`");
  team_line_ = line;
  const std::vector<std::string_view> words = words_of(line.text);
  if (words.size() < 5 || words[2] != "vs" || words[4] != "from") {
    fail(line, "`team ALLIES vs ENEMIES from UNIT WEIGHT, ...`");
  }
  const std::optional<int> n_allies = number_in<int>(words[1]);
  const std::optional<int> n_enemies = number_in<int>(words[3]);
  const auto is_size = [](const std::optional<int>& n) { return n && *n >= 1 && *n < kMaxUnits; };
  if (!is_size(n_allies) || !is_size(n_enemies) || *n_allies + *n_enemies > kMaxUnits) {
    fail(line, "teams of at least 1 unit, and at most " + std::to_string(kMaxUnits) +
                   " units on the whole map");
  }
  Scenario scenario{.n_allies = *n_allies, .n_enemies = *n_enemies, .choices = {}};
  const auto head = static_cast<std::size_t>(words[4].end() - line.text.begin());
  for (const std::string_view part : split(line.text.substr(head), ',')) {
    const Scenario::Choice choice = read_choice(line, part);
    for (const Scenario::Choice& other : scenario.choices) {
      if (other.kind == choice.kind) fail(line, "each unit once");
    }
    scenario.choices.push_back(choice);
  }
  map.scenario = std::move(scenario);
}

Scenario::Choice MapReader::read_choice(const Line& line, std::string_view text) const {
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() != 2) fail(line, "`UNIT WEIGHT` between commas");
  const UnitKind kind = read_kind(line, words[0]);
  const std::optional<int> weight = number_in<int>(words[1]);
  if (!weight || *weight < 1 || *weight > kMaxWeight) {
    fail(line, "a weight from 1 to " + std::to_string(kMaxWeight));
  }
  return {.kind = kind, .weight = *weight, .never_alone = unit_type(kind).weapon == Weapon::kHeal};
}

void MapReader::read_never_alone(const Line& line) {
  if (!never_alone_.empty()) fail(line, "one line `never_alone`");
  const std::string_view keyword = words_of(line.text).front();
  for (const std::string_view part : split(line.text.substr(keyword.size()), ',')) {
    never_alone_.emplace_back(line, read_kind(line, part));
  }
}

void MapReader::read_positions(const Line& line) {
  if (positions_) fail(line, "one line `positions`");
  const std::vector<std::string_view> words = words_of(line.text);
  for (const auto& [name, positions] : kPositions) {
    if (words.size() == 2 && words[1] == name) positions_ = positions;
  }
  if (!positions_) fail(line, "`positions` and one of surround, reflect, surround_and_reflect");
}

void MapReader::read_terrain(const Line& line, CombatMap& map) {
  if (has_terrain_) fail(line, "one line `terrain`");
  has_terrain_ = true;
  const std::vector<std::string_view> words = words_of(line.text);
  if (words.size() > 2)
    fail(line, "`terrain NAME`, or `terrain` and " + std::to_string(kMapSize) + " rows below it");
  if (words.size() == 2) {
    for (const TextFile& file : terrain_files()) {
      if (file.name != words[1]) continue;
      MapReader rows(file.text, "envs/combat/terrains/" + std::string(file.name) + ".txt");
      map.walkable = rows.read_rows();
      return;
    }
    fail(line, "one of the terrains " + known_terrains());
  }
  map.walkable = read_rows();
}

Terrain MapReader::read_rows() {
  Terrain walkable = {};
  for (std::size_t row = 0; row < kMapSize; ++row) {
    if (next_ == lines_.size()) {
      fail_whole("expected " + std::to_string(kMapSize) + " rows of terrain, found " +
                 std::to_string(row));
    }
    const Line& line = lines_[next_];
    ++next_;
    if (line.text.size() != kMapSize ||
        line.text.find_first_not_of(std::string{kWalkable, kBlocked}) != std::string_view::npos) {
      fail(line, "a row of terrain, " + std::to_string(kMapSize) + " times _ or X");
    }
    for (std::size_t x = 0; x < kMapSize; ++x) {
      walkable[kMapSize - 1 - row][x] = line.text[x] == kWalkable;
    }
  }
  return walkable;
}

double MapReader::read_coordinate(const Line& line, std::string_view word,
                                  const std::string& form) const {
  const std::optional<double> number = number_in<double>(word);
  if (!number || !(*number >= 0 && *number < kMapSize)) {  // so that a NaN fails
    fail(line, form + " with X and Y from 0 to below " + std::to_string(kMapSize));
  }
  return *number;
}

void MapReader::check_whole(const CombatMap& map) const {
  if (!has_limit_) fail_whole("expected a line `limit STEPS`, found none");
  if (!has_attack_point_) fail_whole("expected a line `attack_point X Y`, found none");
  if (!has_terrain_) fail_whole("expected a line `terrain`, found none");
  if (team_line_ && !map.groups.empty()) {
    fail(group_lines_.front(), "no line `ally` or `enemy` beside a line `team`");
  }
  if (!team_line_ && (positions_ || !never_alone_.empty())) {
    fail_whole("expected a line `team` beside `positions` and `never_alone`, found none");
  }
}

void MapReader::check_groups(const CombatMap& map) const {
  for (const Side side : {Side::kAlly, Side::kEnemy}) {
    const bool has_one = std::any_of(map.groups.begin(), map.groups.end(),
                                     [side](const Group& group) { return group.side == side; });
    if (!has_one) {
      fail_whole(std::string("expected a line that begins with ") +
                 (side == Side::kAlly ? "ally" : "enemy") + ", found none");
    }
  }
}

void MapReader::finish_scenario(CombatMap& map) const {
  Scenario& scenario = *map.scenario;
  if (!positions_) fail_whole("expected a line `positions` beside `team`, found none");
  scenario.positions = *positions_;
  for (const auto& [line, kind] : never_alone_) {
    bool is_known = false;
    for (Scenario::Choice& choice : scenario.choices) {
      if (choice.kind != kind) continue;
      choice.never_alone = true;
      is_known = true;
    }
    if (!is_known) fail(line, "units of the line `team`");
  }
  if (std::all_of(scenario.choices.begin(), scenario.choices.end(),
                  [](const Scenario::Choice& choice) { return choice.never_alone; })) {
    fail(*team_line_, "a unit that is neither a healer nor never_alone");
  }
  if (!has_room(map)) fail(*team_line_, "teams that surely find room on the terrain");
}

// Units may start on blocked ground, as in SMAClite, but not beyond the edge: there is no ground.
void MapReader::check_starts(const CombatMap& map) const {
  QTOT_CHECK_EQ(map.groups.size(), group_lines_.size());
  for (std::size_t g = 0; g < map.groups.size(); ++g) {
    for (const Start& start : place(map.groups[g])) {
      const bool is_on_map =
          start.x >= 0 && start.x < kMapSize && start.y >= 0 && start.y < kMapSize;
      if (!is_on_map) fail(group_lines_[g], "a group whose units all start on the map");
    }
  }
}

}  // namespace qtot::envs::combat
