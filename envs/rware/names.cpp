#include "envs/rware/names.h"

#include <array>
#include <charconv>
#include <string_view>

namespace qtot::envs::rware {
namespace {

// The parts of a name between its dashes, taken from the front.
class Parts {
 public:
  explicit Parts(std::string_view name) : rest_(name) { advance(); }

  bool are_used_up() const { return is_used_up_; }

  bool take(std::string_view word) {
    if (is_used_up_ || part_ != word) return false;
    advance();
    return true;
  }

  // A number in [low, high] and the unit behind it, like "12ag".
  bool take(std::string_view unit, int low, int high, int& number) {
    int value = 0;
    if (is_used_up_ || !part_.ends_with(unit)) return false;
    if (!read(part_.substr(0, part_.size() - unit.size()), low, high, value)) return false;
    number = value;
    advance();
    return true;
  }

  // Rows and columns, like "2x5".
  bool take_shape(int& rows, int& columns) {
    constexpr int kMaxRows = 4;
    constexpr int kMinColumns = 3;
    constexpr int kMaxColumns = 9;
    const std::size_t at = part_.find('x');
    int r = 0;
    int c = 0;
    if (is_used_up_ || at == std::string_view::npos) return false;
    if (!read(part_.substr(0, at), 1, kMaxRows, r)) return false;
    if (!read(part_.substr(at + 1), kMinColumns, kMaxColumns, c) || c % 2 == 0) return false;
    rows = r;
    columns = c;
    advance();
    return true;
  }

 private:
  static bool read(std::string_view digits, int low, int high, int& number) {
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    return error == std::errc() && stop == end && digits.front() != '0' && number >= low &&
           number <= high;
  }

  void advance() {
    is_used_up_ = is_last_;
    const std::size_t dash = rest_.find('-');
    is_last_ = dash == std::string_view::npos;
    part_ = rest_.substr(0, dash);
    rest_ = is_last_ ? std::string_view() : rest_.substr(dash + 1);
  }

  std::string_view rest_;
  std::string_view part_;
  bool is_last_ = false;
  bool is_used_up_ = false;
};

struct Size {
  const char* name;
  int rows;
  int columns;
};
constexpr std::array<Size, 4> kSizes = {
    {{"tiny", 1, 3}, {"small", 2, 3}, {"medium", 2, 5}, {"large", 3, 5}}};

bool take_size(Parts& parts, RwareOptions& options) {
  for (const Size& size : kSizes) {
    if (!parts.take(size.name)) continue;
    options.shelf_rows = size.rows;
    options.shelf_columns = size.columns;
    return true;
  }
  return parts.take_shape(options.shelf_rows, options.shelf_columns);
}

// -easy, -hard, or a queue of its own with the kind of reward; neither: normal.
bool take_task(Parts& parts, RwareOptions& options) {
  constexpr int kMaxQueue = 19;
  if (parts.take("easy"))
    options.difficulty = "easy";
  else if (parts.take("hard"))
    options.difficulty = "hard";
  else if (parts.take("req", 1, kMaxQueue, options.request_queue_size)) {
    if (parts.take("indiv"))
      options.reward_type = "individual";
    else if (parts.take("global"))
      options.reward_type = "global";
    else if (parts.take("twostage"))
      options.reward_type = "two_stage";
    else
      return false;
  }
  return true;
}

}  // namespace

bool read_name(const std::string& name, RwareOptions& options) {
  constexpr std::string_view kModule = "rware:";
  constexpr int kMaxHeight = 15;
  constexpr int kMaxAgents = 19;
  std::string_view text = name;
  const bool names_module = text.starts_with(kModule);
  if (names_module) text.remove_prefix(kModule.size());
  Parts parts(text);
  RwareOptions read;
  if (parts.take("rware")) {
    if (parts.take("img"))
      read.observation = "image";
    else if (parts.take("imgdict"))
      read.observation = "image_dict";
    if (read.observation != "flattened" && parts.take("Nd")) read.image_directional = false;
    parts.take("s", 2, 5, read.sensor_range);
  } else if (names_module) {
    return false;
  }
  if (!take_size(parts, read)) return false;
  parts.take("h", 1, kMaxHeight, read.column_height);
  if (!parts.take("ag", 1, kMaxAgents, read.n_agents)) return false;
  if (!take_task(parts, read)) return false;
  if (!parts.take("v1")) parts.take("v2");
  if (!parts.are_used_up()) return false;
  read.map_name = name;
  options = read;
  return true;
}

}  // namespace qtot::envs::rware
