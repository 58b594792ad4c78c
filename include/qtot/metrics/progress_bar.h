#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "qtot/metrics/clock.h"

namespace qtot::metrics {

/// Where progress is shown.
struct ProgressStyle {
  bool on_terminal = false;  // a bar that redraws itself; otherwise a plain line now and then
  bool use_color = false;
  int width = 80;  // columns

  /// What stderr is. Colour is off where NO_COLOR is set and not empty (no-color.org), and on a
  /// terminal that says it is dumb.
  static ProgressStyle of_stderr();
  /// The same for stdout.
  static ProgressStyle of_stdout();
};

/// What is shown. Figures that are not there yet are left out.
struct Progress {
  std::int64_t t_env = 0;
  std::int64_t t_max = 0;
  std::string_view unit = "steps";
  std::optional<double> return_mean = std::nullopt;
  std::optional<double> test_return_mean = std::nullopt;
  std::optional<double> test_battle_won_mean = std::nullopt;
  std::optional<double> loss = std::nullopt;
};

/// Progress of a run with its speed and the time left, both since the first show(). A stream that
/// cannot be written is no error: nobody looks.
class ProgressBar {
 public:
  ProgressBar(std::ostream& out, const ProgressStyle& style, const Clock& clock = machine_clock());

  /// Draws at most ten times a second on a terminal; elsewhere one line at first and then one every
  /// thirty seconds. Calls in between cost one look at the clock.
  void show(const Progress& progress);

  /// A line of its own above the bar.
  void message(std::string_view line);

  /// Shows the last state whatever the time, and leaves it standing.
  void finish(const Progress& progress);

  /// The text of the bar without colour, or of the plain line.
  std::string text(const Progress& progress) const;

 private:
  void draw(const Progress& progress);

  std::ostream& out_;
  ProgressStyle style_;
  const Clock& clock_;
  std::optional<double> first_seconds_;
  std::int64_t first_t_env_ = 0;
  double next_draw_ = 0;
  std::string drawn_;  // the line that stands on the terminal
};

}  // namespace qtot::metrics
