#include "qtot/playback/page.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "playback/fake_combat.h"

namespace qtot::test {
namespace {

using nlohmann::json;

TEST(PageJson, HasASlotMoreThanSteps) {
  const json document = json::parse(playback::page_json(fake_combat(2)));
  ASSERT_EQ(document["episodes"].size(), 2U);
  for (const json& episode : document["episodes"]) {
    const std::size_t length = episode["rewards"].size();
    for (const char* list :
         {"utilities", "avail", "actions", "q_tot", "ground", "looks", "units", "deeds"}) {
      EXPECT_EQ(episode[list].size(), length + 1) << list;
    }
    EXPECT_FALSE(episode.contains("text"));
    EXPECT_EQ(episode["names"].size(), static_cast<std::size_t>(kFakeAllies));
    EXPECT_EQ(episode["avail"][0].get<std::string>().size(),
              static_cast<std::size_t>(kFakeAllies * kFakeActions));
  }
}

TEST(PageJson, NumbersReadBackAsTheSameFloats) {
  playback::Recording recording = fake_combat(1);
  recording.episodes[0].slots[3].utilities[7] = 0.1F;
  recording.episodes[0].slots[3].utilities[8] = 1.0F / 3;
  const std::string text = playback::page_json(recording);
  const json document = json::parse(text);
  for (std::size_t t = 0; t < recording.episodes[0].slots.size(); ++t) {
    EXPECT_EQ(document["episodes"][0]["utilities"][t].get<std::vector<float>>(),
              recording.episodes[0].slots[t].utilities);
  }
  EXPECT_NE(text.find(",0.1,"), std::string::npos) << "as a double it would be 0.10000000149";
}

TEST(PageJson, SaysTheGroundOnceAndAgainWhereItChanges) {
  playback::Recording recording = fake_combat(1);
  for (std::size_t t = 5; t < recording.episodes[0].slots.size(); ++t) {
    recording.episodes[0].slots[t].drawing->cells.pop_back();
  }
  const json document = json::parse(playback::page_json(recording));
  const json& ground = document["episodes"][0]["ground"];
  for (std::size_t t = 0; t < ground.size(); ++t) {
    EXPECT_EQ(ground[t].is_null(), t != 0 && t != 5) << t;
  }
}

TEST(PageJson, WhatIsNotFiniteIsNullAndWhatIsNotUtf8IsReplaced) {
  playback::Recording recording = fake_text();
  recording.title = "\xff\xfe<";
  recording.episodes[0].slots[0].utilities = {std::numeric_limits<float>::quiet_NaN(),
                                              std::numeric_limits<float>::infinity()};
  const std::string text = playback::page_json(recording);
  EXPECT_EQ(json::parse(text)["episodes"][0]["utilities"][0], (json{nullptr, nullptr}));
  EXPECT_EQ(text.find('<'), std::string::npos);
  for (const char c : text) ASSERT_TRUE(c >= ' ' && c <= '~');
}

TEST(PageText, IsOneFileThatAsksForNoOther) {
  const std::string page = playback::page(fake_combat(1));
  EXPECT_EQ(page.find("{{"), std::string::npos) << "something was not filled in";
  for (const char* outside : {"src=", "href=", "@import", "url(", "fetch(", "https:"}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
}

}  // namespace
}  // namespace qtot::test
