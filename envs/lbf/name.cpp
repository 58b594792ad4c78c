#include "envs/lbf/name.h"

#include <string_view>

namespace qtot::envs::lbf {
namespace {

constexpr int kMinSize = 5, kMaxSize = 19;
constexpr int kMinPlayers = 2, kMaxPlayers = 19;
constexpr int kMaxFoods = 9;
constexpr int kLastVersion = 3;
constexpr int kShortSight = 2;  // of the names without "grid"

// Takes a text apart from the left.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : left_(text) {}

  bool take(std::string_view word) {
    if (!left_.starts_with(word)) return false;
    left_.remove_prefix(word.size());
    return true;
  }

  // A number of one or two digits in [low, high], as Python prints it.
  std::optional<int> number(int low, int high) {
    int value = 0;
    std::size_t n = 0;
    for (; n < left_.size() && left_[n] >= '0' && left_[n] <= '9'; ++n) {
      if (n == 2) return {};
      value = 10 * value + (left_[n] - '0');
    }
    if (n == 0 || left_[0] == '0' || value < low || value > high) return {};
    left_.remove_prefix(n);
    return value;
  }

  bool at_end() const { return left_.empty(); }

 private:
  std::string_view left_;
};

// "-v3", or nothing; then the end.
bool read_version(Cursor& cursor, Name& name) {
  if (cursor.take("-v")) {
    const auto version = cursor.number(1, kLastVersion);
    if (!version) return false;
    name.version = *version;
  }
  return cursor.at_end();
}

// "8x8-2p-2f".
bool read_sizes(Cursor& cursor, Name& name) {
  const auto rows = cursor.number(kMinSize, kMaxSize);
  if (!rows || !cursor.take("x")) return false;
  const auto cols = cursor.number(kMinSize, kMaxSize);
  if (cols != rows || !cursor.take("-")) return false;
  const auto players = cursor.number(kMinPlayers, kMaxPlayers);
  if (!players || !cursor.take("p-")) return false;
  const auto foods = cursor.number(1, kMaxFoods);
  if (!foods || !cursor.take("f")) return false;
  name.size = *rows;
  name.players = *players;
  name.foods = *foods;
  return true;
}

}  // namespace

std::optional<Name> read_name(const std::string& text) {
  Name name;
  Cursor cursor(text);
  cursor.take("lbforaging:");
  cursor.take("Foraging-");
  name.grid = cursor.take("grid-");

  // a sight and a size both begin with a number: which of them it is shows behind it
  Cursor ahead = cursor;
  if (const auto sight = ahead.number(1, kMaxSize - 1); sight && ahead.take("s-")) {
    if (!name.grid && *sight != kShortSight) return {};
    name.sight = *sight;
    cursor = ahead;
  }
  if (!name.grid && (cursor.take("simple") || (name.coop = cursor.take("coop")))) {
    if (!read_version(cursor, name)) return {};
    return name;
  }
  if (!read_sizes(cursor, name) || name.sight >= name.size) return {};
  name.coop = cursor.take("-coop");
  name.individual = cursor.take("-ind");
  name.penalty = !name.grid && cursor.take("-pen");
  if (!read_version(cursor, name)) return {};
  return name;
}

std::string known_names() {
  return "a name that lb-foraging registers, such as 8x8-2p-2f-coop, 2s-10x10-3p-3f, "
         "grid-2s-8x8-2p-2f or Foraging-15x15-4p-5f-v3: a square field of 5 to 19 rows, 2 to 19 "
         "players, 1 to 9 foods; field_size, players, max_num_food and sight give others";
}

}  // namespace qtot::envs::lbf
