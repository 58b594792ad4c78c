#include "qtot/playback/frame_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "playback/fake_combat.h"

namespace qtot::test {
namespace {

using playback::frame_text;
using testing::HasSubstr;
using testing::Not;

playback::Recording small_hunt() {
  playback::Recording recording = fake_text();
  env::Drawing drawing;
  drawing.width = 3;
  drawing.height = 2;
  drawing.has_grid = true;
  drawing.cells = {{.x = 2, .y = 0, .ground = env::Ground::kWall, .label = ""}};
  env::DrawnUnit hunter, stag, dead;
  hunter.x = 0.5;
  hunter.y = 0.5;
  hunter.agent = 0;
  hunter.team = env::Team::kAllies;
  stag.x = dead.x = 1.5;
  stag.y = dead.y = 1.5;
  stag.kind = "stag";
  dead.state = env::UnitState::kDead;
  drawing.units = {hunter, stag, dead};
  recording.episodes[0].slots[1].drawing = drawing;
  return recording;
}

TEST(FrameText, ShowsTheMapAndMarksWhatIsChosen) {
  EXPECT_EQ(frame_text(small_hunt(), 0, 1, false),
            "episode 1 of 1, step 1 of 2, reward 0.00, return 0.00\n\n"
            "  0 . #\n"
            "  . S .\n\n"
            "agent 0  0 0.50  [1 1.00]\n");
}

TEST(FrameText, TurnsTheMapWhereYGoesUp) {
  playback::Recording recording = small_hunt();
  recording.episodes[0].slots[1].drawing->y_is_up = true;
  EXPECT_THAT(frame_text(recording, 0, 1, false), HasSubstr("  . S .\n  0 . #\n"));
}

// Three units wide: nine characters a unit tell where in it somebody is.
TEST(FrameText, DrawsASmallWorldWithoutAGridFinely) {
  playback::Recording recording = small_hunt();
  env::Drawing& drawing = *recording.episodes[0].slots[1].drawing;
  drawing.has_grid = false;
  drawing.units[0].x = drawing.units[1].x = 1.05;  // a hunter on a stag
  drawing.units[0].y = drawing.units[1].y = 0.95;
  const std::string text = frame_text(recording, 0, 1, false);
  EXPECT_THAT(text, HasSubstr("  . . . . . . . . . 0 . . . . . . . . # # # # # # # # #\n"));
  EXPECT_THAT(text, Not(HasSubstr("S")));
}

TEST(FrameText, HasAnsiWithColourAlone) {
  EXPECT_THAT(frame_text(fake_combat(1), 0, 9, false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(frame_text(fake_combat(1), 0, 9, true), HasSubstr("\x1b["));
}

TEST(FrameText, WithoutADrawingSaysTheText) {
  EXPECT_THAT(frame_text(fake_text(), 0, 2, false), HasSubstr("  state <b>2</b>\n"));
}

TEST(FrameText, SaysHitPointsAndHowItEnded) {
  EXPECT_THAT(frame_text(fake_combat(1), 0, 0, false),
              HasSubstr("marauder 1 55.00/55.00+80.00/80.00"));
  EXPECT_THAT(frame_text(fake_combat(1), 0, kFakeLength, false), HasSubstr("ended by the rules"));
}

// Positions outside the world, not finite or in no unit of sense are left out, not drawn elsewhere.
TEST(FrameText, LeavesOutWhatLiesOutside) {
  playback::Recording recording = small_hunt();
  env::Drawing& drawing = *recording.episodes[0].slots[1].drawing;
  drawing.units[0].x = -1;
  drawing.units[1].x = std::numeric_limits<double>::quiet_NaN();
  drawing.units[2].y = 1e300;
  drawing.cells.push_back({.x = -1, .y = 7, .ground = env::Ground::kGoal, .label = ""});
  EXPECT_THAT(frame_text(recording, 0, 1, false), HasSubstr("  . . #\n  . . .\n"));
  drawing.width = 1e9;
  EXPECT_THAT(frame_text(recording, 0, 1, false), Not(HasSubstr("#")));
}

}  // namespace
}  // namespace qtot::test
