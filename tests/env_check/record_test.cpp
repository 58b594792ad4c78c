// What env record writes is what env check replays, for every environment and map.

#include "qtot/env_check/trace_record.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "env/every_env.h"
#include "env_check/mutated_trace.h"
#include "qtot/env_check/trace_check.h"
#include "support/error_text.h"
#include "support/temp_folder.h"

namespace qtot {
namespace {

using test::error_text;

class EveryRecording : public testing::TestWithParam<test::EnvCase> {
 protected:
  test::TempFolder temp_;
};

TEST_P(EveryRecording, IsReplayedToTheBit) {
  const std::string path = (temp_ / "trace.jsonl.gz").string();
  const env::RecordReport recorded =
      env::record_trace(path, {.env = GetParam().family,
                               .env_args = {{"map_name", {GetParam().map, "test"}}},
                               .seed = 3,
                               .n_episodes = 2});
  const env::TraceReport report = env::check_trace(path);
  EXPECT_TRUE(report.ok()) << test::describe(report);
  EXPECT_EQ(report.family, GetParam().family);
  EXPECT_EQ(report.n_episodes, 2);
  EXPECT_EQ(report.n_steps, recorded.n_steps);
  EXPECT_EQ(report.forced.n_equal, report.forced.n_compared);
  EXPECT_EQ(report.free.n_equal, report.free.n_compared);
}

INSTANTIATE_TEST_SUITE_P(Envs, EveryRecording, testing::ValuesIn(test::every_env()),
                         test::env_case_name);

class Recording : public testing::Test {
 protected:
  std::string record(const std::string& name, const env::RecordOptions& options) {
    const std::string path = (temp_ / name).string();
    env::record_trace(path, options);
    return path;
  }

  static std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  test::TempFolder temp_;
  env::RecordOptions hunt_ = {.env = "stag_hunt_small", .env_args = {}, .seed = 5, .n_episodes = 3};
};

TEST_F(Recording, HasTheSameBytesFromTheSameOptions) {
  EXPECT_EQ(text_of(record("a.jsonl.gz", hunt_)), text_of(record("b.jsonl.gz", hunt_)));
  const std::string plain = text_of(record("a.jsonl", hunt_));
  ++hunt_.seed;
  EXPECT_NE(text_of(record("c.jsonl", hunt_)), plain);
}

TEST_F(Recording, AnotherOutcomeOfChanceIsFound) {
  std::string text = text_of(record("a.jsonl", hunt_));
  const std::string drawn = R"(["choose",)";
  const std::size_t at = text.find(drawn);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, drawn.size(), R"(["choose",9)");  // another site: 9 in front of its number
  const std::string path = (temp_ / "b.jsonl").string();
  std::ofstream(path) << text;
  const env::TraceReport report = env::check_trace(path);
  EXPECT_FALSE(report.ok());
  ASSERT_TRUE(report.first);
  EXPECT_EQ(report.first->field, "u");
}

TEST_F(Recording, DamagedOutcomesAreBadInputAndNameTheLine) {
  const std::string text = text_of(record("a.jsonl", hunt_));
  const std::size_t at = text.find(R"("draws":[)");
  ASSERT_NE(at, std::string::npos);
  for (const char* damage : {R"("draws":[["guess",1,2,3],)", R"("draws":[["choose",1,2,3,3],)",
                             R"("draws":[["choose",1,2,5],)", R"("draws":[["happens",-1,0,1],)",
                             R"("draws":[7,)", R"("draws":[[],)", R"("drawn":[)"}) {
    std::string damaged = text;
    damaged.replace(at, std::string(R"("draws":[)").size(), damage);
    const std::string path = (temp_ / "b.jsonl").string();
    std::ofstream(path) << damaged;
    const std::string said = error_text([&] { env::check_trace(path); });
    EXPECT_NE(said.find("b.jsonl:3: "), std::string::npos) << damage << ": " << said;
  }
}

TEST_F(Recording, WhatCannotBeWrittenIsOneSentence) {
  const std::string text =
      error_text([&] { env::record_trace("/proc/no/such/trace.jsonl", hunt_); });
  EXPECT_NE(text.find("/proc/no/such"), std::string::npos) << text;
  const std::string unknown = error_text([&] {
    hunt_.env = "stag_hant";
    record("a.jsonl", hunt_);
  });
  EXPECT_NE(unknown.find("did you mean stag_hunt"), std::string::npos) << unknown;
}

}  // namespace
}  // namespace qtot
