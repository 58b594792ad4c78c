// The page in a real browser: what it draws, that it plays, and that no name in it is taken for markup.

#include <gtest/gtest.h>

#include "playback/browser.h"
#include "playback/fake_combat.h"
#include "qtot/base/files.h"
#include "qtot/playback/page.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

using nlohmann::json;

class Page : public testing::Test {
 protected:
  json check(const playback::Recording& recording, const std::string& fragment,
             int milliseconds = 50) {
    write_file_atomically(folder_ / "page.html", playback::page(recording));
    json found = page_check(folder_ / "page.html", fragment, milliseconds);
    EXPECT_EQ(found["faults"], json::array());
    EXPECT_EQ(found["overflow"], false);
    return found;
  }

  TempFolder folder_;
};

TEST_F(Page, DrawsEveryUnitBarDeedAndCell) {
  const playback::Recording recording = fake_combat(1);
  const env::Drawing& drawing = *recording.episodes[0].slots[9].drawing;
  std::size_t n_bars = 0;
  for (const env::DrawnUnit& unit : drawing.units) {
    n_bars += (unit.max_health > 0) + (unit.max_shield > 0) + (unit.max_energy > 0);
  }
  const json found = check(recording, "t=9&unit=1");
  EXPECT_EQ(found["units"], drawing.units.size());
  EXPECT_EQ(found["deeds"], drawing.deeds.size());
  EXPECT_EQ(found["bars"], n_bars);
  EXPECT_EQ(found["sights"], 1);
  EXPECT_GT(found["ground"], 0);
  EXPECT_EQ(found["rows"], kFakeAllies);
  EXPECT_EQ(found["chosen"], kFakeAllies);
  EXPECT_EQ(found["q_tot"], "10.80");
  EXPECT_EQ(found["plots"], 2);
}

TEST_F(Page, ShowsTheDeadAsDeadAndNothingChosenAtTheEnd) {
  const playback::Recording recording = fake_combat(1);
  const playback::RecordedSlot& last = recording.episodes[0].slots.back();
  const auto n_dead = std::ranges::count_if(last.drawing->units, [](const env::DrawnUnit& unit) {
    return unit.state == env::UnitState::kDead;
  });
  ASSERT_GT(n_dead, 0);
  const json found = check(recording, "keys=End");
  EXPECT_EQ(found["step"], kFakeLength);
  EXPECT_EQ(found["dead"], n_dead);
  EXPECT_EQ(found["chosen"], 0);
  EXPECT_EQ(found["return"], "5.63");  // 15 steps of 0.375
}

TEST_F(Page, PlaysThroughAnEpisodeAndOnToTheNext) {
  const playback::Recording recording = fake_combat(2);
  const json soon = check(recording, "play&speed=8", 1000);
  EXPECT_EQ(soon["playing"], true);
  EXPECT_EQ(soon["episode"], 0);
  EXPECT_GT(soon["step"], 5);
  const json later = check(recording, "play&speed=8", 3100);
  EXPECT_EQ(later["episode"], 1);
  const json at_last = check(recording, "play&speed=8", 20000);
  EXPECT_EQ(at_last["playing"], false);
  EXPECT_EQ(at_last["episode"], 1);
  EXPECT_EQ(at_last["step"], at_last["length"]);
}

TEST_F(Page, FollowsTheKeys) {
  const playback::Recording recording = fake_combat(3);
  const auto is_at = [&](const std::string& fragment, int episode, int step, bool plays) {
    const json found = check(recording, fragment);
    EXPECT_EQ(found["episode"], episode) << fragment;
    EXPECT_EQ(found["step"], step) << fragment;
    EXPECT_EQ(found["playing"], plays) << fragment;
  };
  is_at("t=5&keys=ArrowRight,ArrowRight,ArrowLeft", 0, 6, false);
  is_at("keys=ArrowLeft", 0, 0, false);
  is_at("e=3&t=4&keys=ArrowUp", 1, 0, false);
  is_at("e=3&keys=ArrowDown,End,ArrowRight", 2, kFakeLength - 8, false);
  is_at("t=2&keys=Space,Space", 0, 2, false);
  is_at("t=2&keys=Space", 0, 2, true);
}

TEST_F(Page, TakesNoNameForMarkup) {
  const std::string evil = "</script><script>throw 1</script><!--\"'&\\";
  playback::Recording recording = fake_combat(1, true, evil);
  recording.title = evil;
  recording.checkpoint = evil;
  recording.episodes[0].action_names[0][1] = evil;
  recording.episodes[0].slots[0].drawing->cells[0].label = evil;
  recording.episodes[0].slots[0].drawing->units[1].label = evil;
  EXPECT_EQ(check(recording, "t=0&unit=0")["title"], evil);
}

TEST_F(Page, WithoutADrawingShowsTheTextAndWithoutMixingNoQTot) {
  const json found = check(fake_text(), "t=1");
  EXPECT_EQ(found["text"], "state <b>1</b>");
  EXPECT_EQ(found["units"], 0);
  EXPECT_EQ(found["plots"], 1);
  EXPECT_EQ(found["values"], (json{"0.50", "1.00"}));
}

}  // namespace
}  // namespace qtot::test
