#include "qtot/metrics/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace qtot::metrics {
namespace {

constexpr double kTerminalInterval = 0.1;  // seconds between drawings
constexpr double kPlainInterval = 30;
constexpr int kBarWidth = 20;

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// 950, 12.3k, 4.56M
std::string short_count(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (count < 10'000) return std::to_string(count);
  if (count < 1'000'000) return formatted("%.1fk", value / 1e3);
  return formatted("%.2fM", value / 1e6);
}

// 0:07, 12:34, 3:05:06
std::string duration(double seconds) {
  constexpr double kMaxSeconds = 359'999;  // 99:59:59
  const int total = static_cast<int>(std::clamp(seconds, 0.0, kMaxSeconds));
  const int hours = total / 3600;
  const int minutes = total / 60 % 60;
  char text[32];
  if (hours > 0) {
    std::snprintf(text, sizeof text, "%d:%02d:%02d", hours, minutes, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%d:%02d", minutes, total % 60);
  }
  return text;
}

double fraction(const Progress& progress) {
  if (progress.t_max <= 0) return 1;
  return std::clamp(static_cast<double>(progress.t_env) / static_cast<double>(progress.t_max), 0.0,
                    1.0);
}

std::string bar(double done) {
  const auto full = static_cast<std::size_t>(done * kBarWidth);
  return "[" + std::string(full, '#') + std::string(kBarWidth - full, '-') + "] ";
}

ProgressStyle style_of(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool is_dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  ProgressStyle style;
  style.on_terminal = ::isatty(descriptor) == 1 && !is_dumb;
  style.use_color = style.on_terminal && (no_color == nullptr || *no_color == '\0');
  winsize size{};
  if (style.on_terminal && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = size.ws_col;
  }
  return style;
}

}  // namespace

ProgressStyle ProgressStyle::of_stderr() {
  return style_of(STDERR_FILENO);
}

ProgressStyle ProgressStyle::of_stdout() {
  return style_of(STDOUT_FILENO);
}

ProgressBar::ProgressBar(std::ostream& out, const ProgressStyle& style, const Clock& clock)
    : out_(out), style_(style), clock_(clock) {}

void ProgressBar::show(const Progress& progress) {
  const double now = clock_.steady_seconds();
  if (!first_seconds_) {
    first_seconds_ = next_draw_ = now;
    first_t_env_ = progress.t_env;
  }
  if (now < next_draw_) return;
  next_draw_ = now + (style_.on_terminal ? kTerminalInterval : kPlainInterval);
  draw(progress);
}

void ProgressBar::message(std::string_view line) {
  if (drawn_.empty()) {
    out_ << line << '\n' << std::flush;
  } else {
    out_ << "\r\x1b[K" << line << '\n' << drawn_ << std::flush;
  }
}

void ProgressBar::finish(const Progress& progress) {
  draw(progress);
  if (!drawn_.empty()) out_ << '\n' << std::flush;
  drawn_.clear();
}

std::string ProgressBar::text(const Progress& progress) const {
  const double done = fraction(progress);
  std::string line = style_.on_terminal ? bar(done) : "";
  line += formatted("%.0f%%  ", 100 * done) + short_count(progress.t_env) + "/" +
          short_count(progress.t_max) + " " + std::string(progress.unit);
  if (progress.return_mean) line += formatted("  return %.4g", *progress.return_mean);
  if (progress.test_return_mean) line += formatted("  test %.4g", *progress.test_return_mean);
  if (progress.test_battle_won_mean) {
    line += formatted("  won %.0f%%", 100 * *progress.test_battle_won_mean);
  }
  if (progress.loss) line += formatted("  loss %.3g", *progress.loss);

  const double seconds = first_seconds_ ? clock_.steady_seconds() - *first_seconds_ : 0;
  const std::int64_t n_steps = progress.t_env - first_t_env_;
  if (seconds > 0 && n_steps > 0) {
    const double speed = static_cast<double>(n_steps) / seconds;
    const auto n_left =
        static_cast<double>(std::max<std::int64_t>(0, progress.t_max - progress.t_env));
    line += formatted("  %.0f ", speed) + std::string(progress.unit) + "/s  " +
            duration(n_left / speed) + " left";
  }
  // a line that wraps could not be drawn over
  if (style_.on_terminal)
    line.resize(std::min(line.size(), static_cast<std::size_t>(std::max(1, style_.width - 1))));
  return line;
}

void ProgressBar::draw(const Progress& progress) {
  std::string line = text(progress);
  if (!style_.on_terminal) {
    out_ << line << '\n' << std::flush;
    return;
  }
  if (style_.use_color) {
    const std::size_t end = std::min(line.size(), static_cast<std::size_t>(kBarWidth) + 2);
    line = "\x1b[32m" + line.substr(0, end) + "\x1b[0m" + line.substr(end);
  }
  drawn_ = line;
  out_ << '\r' << line << "\x1b[K" << std::flush;
}

}  // namespace qtot::metrics
