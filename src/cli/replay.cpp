#include "cli/replay.h"

#include <iostream>

#include "qtot/base/error.h"
#include "qtot/base/files.h"
#include "qtot/metrics/clock.h"
#include "qtot/metrics/progress_bar.h"
#include "qtot/playback/frame_text.h"
#include "qtot/playback/page.h"

namespace qtot::cli {
namespace {

constexpr double kFrameSeconds = 0.25;
constexpr double kLastFrameSeconds = 1.5;

void show_in_terminal(const playback::Recording& recording) {
  const metrics::ProgressStyle style = metrics::ProgressStyle::of_stdout();
  for (std::size_t e = 0; e < recording.episodes.size(); ++e) {
    const std::size_t n_slots = recording.episodes[e].slots.size();
    for (std::size_t slot = 0; slot < n_slots; ++slot) {
      // without colour there is no ANSI at all: the frames follow each other
      if (style.use_color) std::cout << "\x1b[H\x1b[2J";
      std::cout << playback::frame_text(recording, e, slot, style.use_color) << '\n' << std::flush;
      if (!std::cout) {
        throw Error("standard output cannot be written: was it closed?", ExitCode::kFailed);
      }
      if (style.on_terminal) {
        metrics::rest(slot + 1 < n_slots ? kFrameSeconds : kLastFrameSeconds);
      }
    }
  }
}

}  // namespace

bool is_terminal_replay(const std::string& file) {
  return file == "-";
}

void show_replay(const playback::Recording& recording, const std::string& file) {
  if (is_terminal_replay(file)) {
    show_in_terminal(recording);
  } else {
    write_file_atomically(file, playback::page(recording));
  }
}

}  // namespace qtot::cli
