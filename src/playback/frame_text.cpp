#include "qtot/playback/frame_text.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>
#include <string_view>
#include <vector>

#include "qtot/base/check.h"
#include "qtot/base/printable.h"

namespace qtot::playback {
namespace {

constexpr int kMaxSide = 256;  // characters of the map in either direction
constexpr int kDecimals = 2;

enum class Ink { kPlain, kBold, kFaint, kAllies, kEnemies, kNeutral };

// Blue and orange, which nearly everybody can tell apart.
std::string_view ansi(Ink ink) {
  switch (ink) {
    case Ink::kPlain:
      return "\x1b[0m";
    case Ink::kBold:
      return "\x1b[1m";
    case Ink::kFaint:
      return "\x1b[2m";
    case Ink::kAllies:
      return "\x1b[1;38;5;39m";
    case Ink::kEnemies:
      return "\x1b[1;38;5;208m";
    case Ink::kNeutral:
      return "\x1b[38;5;178m";
  }
  return "";
}

Ink ink_of(env::Team team) {
  if (team == env::Team::kAllies) return Ink::kAllies;
  return team == env::Team::kEnemies ? Ink::kEnemies : Ink::kNeutral;
}

class Writer {
 public:
  explicit Writer(bool use_color) : use_color_(use_color) {
    out_ << std::fixed << std::setprecision(kDecimals);
  }

  template <class T>
  Writer& operator<<(const T& value) {
    out_ << value;
    return *this;
  }

  void write(std::string_view text, Ink ink) {
    if (use_color_ && ink != Ink::kPlain) {
      out_ << ansi(ink) << text << ansi(Ink::kPlain);
    } else {
      out_ << text;
    }
  }

  std::string text() const { return out_.str(); }

 private:
  bool use_color_;
  std::ostringstream out_;
};

struct MapCell {
  char letter = '.';
  Ink ink = Ink::kFaint;
};

char letter_of(const env::DrawnUnit& unit) {
  if (unit.state == env::UnitState::kDead) return 'x';
  constexpr int kBase = 10;
  const std::string name = !unit.label.empty() ? unit.label
                           : unit.agent >= 0   ? std::to_string(unit.agent % kBase)
                                               : unit.kind;
  const char letter = name.empty() ? '?' : name.front();
  if (letter >= 'a' && letter <= 'z') return static_cast<char>(letter - 'a' + 'A');
  return letter > ' ' && letter <= '~' ? letter : '?';
}

constexpr int kRanks = 4;

// Higher ones cover lower ones: an agent the landmark that it has reached.
int rank_of(const env::DrawnUnit& unit) {
  if (unit.state == env::UnitState::kDead) return 0;
  if (unit.state == env::UnitState::kOut) return 1;
  return unit.team == env::Team::kNeutral ? 2 : kRanks - 1;
}

// Whether 0 <= value < end, which a number that is not finite does not meet.
bool lies_below(double value, int end) {
  return value >= 0 && value < end;
}

class Map {
 public:
  explicit Map(const env::Drawing& drawing) : drawing_(drawing) {
    if (!(drawing.cell_size > 0)) return;
    const double columns = fineness_of(drawing) * drawing.width / drawing.cell_size;
    const double rows = fineness_of(drawing) * drawing.height / drawing.cell_size;
    if (!lies_below(columns, kMaxSide + 1) || !lies_below(rows, kMaxSide + 1)) return;
    fineness_ = fineness_of(drawing);
    n_columns_ = static_cast<int>(columns) + (static_cast<int>(columns) < columns ? 1 : 0);
    n_rows_ = static_cast<int>(rows) + (static_cast<int>(rows) < rows ? 1 : 0);
    cells_.resize(static_cast<std::size_t>(n_columns_) * static_cast<std::size_t>(n_rows_));
    put_ground();
    for (int rank = 0; rank < kRanks; ++rank) put_units(rank);
  }

  void write(Writer& out) const {
    for (int i = 0; i < n_rows_; ++i) {
      const int row = drawing_.y_is_up ? n_rows_ - 1 - i : i;
      for (int column = 0; column < n_columns_; ++column) {
        const MapCell& cell = cells_[index(column, row)];
        out << (column == 0 ? "  " : " ");
        out.write({&cell.letter, 1}, cell.ink);
      }
      out << '\n';
    }
  }

 private:
  // Characters on the side of a cell: one, but in a small world without a grid enough to tell where in
  // a cell somebody is.
  static int fineness_of(const env::Drawing& drawing) {
    constexpr double kColumns = 24;
    const double columns = drawing.width / drawing.cell_size;
    if (drawing.has_grid || !(columns >= 1) || columns >= kColumns) return 1;
    return static_cast<int>(kColumns / columns) + 1;
  }

  std::size_t index(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(n_columns_) +
           static_cast<std::size_t>(column);
  }

  void put_ground() {
    constexpr std::string_view kLetters = "#~!*:";  // in the order of env::Ground
    for (const env::DrawnCell& cell : drawing_.cells) {
      const bool is_labelled = !cell.label.empty() && cell.label[0] > ' ' && cell.label[0] <= '~';
      const char letter =
          is_labelled ? cell.label[0] : kLetters[static_cast<std::size_t>(cell.ground)];
      put_cell(cell, letter);
    }
  }

  void put_cell(const env::DrawnCell& cell, char letter) {
    for (int dy = 0; dy < fineness_; ++dy) {
      for (int dx = 0; dx < fineness_; ++dx) {
        const double column = static_cast<double>(cell.x) * fineness_ + dx;
        const double row = static_cast<double>(cell.y) * fineness_ + dy;
        if (!lies_below(column, n_columns_) || !lies_below(row, n_rows_)) continue;
        cells_[index(static_cast<int>(column), static_cast<int>(row))] = {.letter = letter,
                                                                          .ink = Ink::kPlain};
      }
    }
  }

  void put_units(int rank) {
    for (const env::DrawnUnit& unit : drawing_.units) {
      const double column = fineness_ * (unit.x - drawing_.x_min) / drawing_.cell_size;
      const double row = fineness_ * (unit.y - drawing_.y_min) / drawing_.cell_size;
      if (rank_of(unit) != rank) continue;
      if (!lies_below(column, n_columns_) || !lies_below(row, n_rows_)) continue;
      const bool is_active = unit.state == env::UnitState::kActive;
      cells_[index(static_cast<int>(column), static_cast<int>(row))] = {
          .letter = letter_of(unit), .ink = is_active ? ink_of(unit.team) : Ink::kFaint};
    }
  }

  const env::Drawing& drawing_;
  int fineness_ = 1;
  int n_columns_ = 0;
  int n_rows_ = 0;
  std::vector<MapCell> cells_;
};

void write_head(Writer& out, const Recording& recording, std::size_t e, std::size_t slot) {
  const RecordedEpisode& episode = recording.episodes[e];
  double sum = 0;
  for (std::size_t t = 0; t < slot; ++t) sum += static_cast<double>(episode.rewards[t]);
  out << "episode " << e + 1 << " of " << recording.episodes.size() << ", step " << slot << " of "
      << episode.rewards.size();
  if (slot > 0) out << ", reward " << episode.rewards[slot - 1];
  out << ", return " << sum;
  const bool has_ended = slot == episode.rewards.size();
  if (!has_ended && episode.slots[slot].q_tot) out << ", Q_tot " << *episode.slots[slot].q_tot;
  if (has_ended) out << (episode.stats.terminated ? ", ended by the rules" : ", time limit");
  out << "\n\n";
}

// Health and shield of those who have any.
void write_units(Writer& out, const env::Drawing& drawing) {
  bool any = false;
  for (const env::DrawnUnit& unit : drawing.units) {
    if (unit.max_health <= 0 || unit.state == env::UnitState::kDead) continue;
    out << (any ? ", " : "  ");
    const std::string name = unit.kind + (unit.agent < 0 ? "" : " " + std::to_string(unit.agent));
    out.write(printable(name), ink_of(unit.team));
    out << ' ' << unit.health << '/' << unit.max_health;
    if (unit.max_shield > 0) out << '+' << unit.shield << '/' << unit.max_shield;
    any = true;
  }
  if (any) out << "\n\n";
}

void write_values(Writer& out, const RecordedEpisode& episode, std::size_t slot) {
  const RecordedSlot& seen = episode.slots[slot];
  const bool has_ended = slot == episode.rewards.size();
  for (std::size_t agent = 0; agent < episode.action_names.size(); ++agent) {
    const std::vector<std::string>& names = episode.action_names[agent];
    out.write("agent " + std::to_string(agent), Ink::kAllies);
    for (std::size_t action = 0; action < names.size(); ++action) {
      const std::size_t i = agent * names.size() + action;
      const bool is_chosen = !has_ended && seen.actions[agent] == static_cast<core::Action>(action);
      std::ostringstream value;
      value << std::fixed << std::setprecision(kDecimals) << seen.utilities[i];
      const std::string shown =
          printable(names[action]) + ' ' + (seen.avail[i] != 0 ? value.str() : "-");
      out << "  ";
      out.write(is_chosen ? '[' + shown + ']' : shown, is_chosen            ? Ink::kBold
                                                       : seen.avail[i] == 0 ? Ink::kFaint
                                                                            : Ink::kPlain);
    }
    out << '\n';
  }
}

}  // namespace

std::string frame_text(const Recording& recording, std::size_t episode, std::size_t slot,
                       bool use_color) {
  QTOT_CHECK_LT(episode, recording.episodes.size());
  QTOT_CHECK_LT(slot, recording.episodes[episode].slots.size());
  const RecordedSlot& seen = recording.episodes[episode].slots[slot];
  Writer out(use_color);
  write_head(out, recording, episode, slot);
  if (seen.drawing) {
    Map(*seen.drawing).write(out);
    out << '\n';
    write_units(out, *seen.drawing);
  } else if (!seen.text.empty()) {
    constexpr std::size_t kPiece = 200;  // that much printable() shows whole
    out << "  ";
    for (std::size_t i = 0; i < seen.text.size(); i += kPiece) {
      out << printable(seen.text.substr(i, kPiece));
    }
    out << "\n\n";
  }
  write_values(out, recording.episodes[episode], slot);
  return out.text();
}

}  // namespace qtot::playback
