#include "qtot/metrics/sinks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "support/temp_folder.h"

namespace qtot::metrics {
namespace {

constexpr std::uint64_t kMaxBytes = 1 << 20;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class SinksTest : public testing::Test {
 protected:
  test::TempFolder folder_;
};

Record record_at(std::int64_t t_env) {
  Record record{.t_env = t_env, .episode = t_env / 10, .update = t_env / 20};
  record.add("loss_td", 0.1);
  record.add("n_wins", 3);
  return record;
}

// Every kind of number once; also names that need quotes.
Record odd_record() {
  Record record{.t_env = 9'007'199'254'740'993, .episode = 2, .update = 1};
  record.add("third", 1.0 / 3);
  record.add("large", 1e22);
  record.add("tiny", 5e-324);
  record.add("whole", 20.0);
  record.add("minus_zero", -0.0);
  record.add("count", std::numeric_limits<std::int64_t>::min());
  record.add("nan", kNan);
  record.add("inf", kInfinity);
  record.add("minus_inf", -kInfinity);
  record.add("a \"b\", c\\d\n", 1);
  return record;
}

TEST_F(SinksTest, JsonlIsTheGoldenText) {
  JsonlSink sink(folder_ / "m.jsonl", 0);
  sink.write(record_at(40));
  sink.write(odd_record());
  sink.write({.t_env = 1, .episode = 0, .update = 0});
  EXPECT_EQ(read_file(folder_ / "m.jsonl", kMaxBytes),
            R"({"t_env":40,"episode":4,"update":2,"loss_td":0.1,"n_wins":3})"
            "\n"
            R"({"t_env":9007199254740993,"episode":2,"update":1,"third":0.3333333333333333,)"
            R"("large":1e+22,"tiny":5e-324,"whole":20,"minus_zero":-0,)"
            R"("count":-9223372036854775808,"nan":null,"inf":null,"minus_inf":null,)"
            R"("a \"b\", c\\d\u000a":1})"
            "\n"
            R"({"t_env":1,"episode":0,"update":0})"
            "\n");
}

TEST_F(SinksTest, JsonlReadsBackAsTheSameNumbers) {
  JsonlSink sink(folder_ / "m.jsonl", 0);
  sink.write(odd_record());
  const auto read = nlohmann::json::parse(read_file(folder_ / "m.jsonl", kMaxBytes));
  EXPECT_EQ(read["t_env"].get<std::int64_t>(), 9'007'199'254'740'993);
  EXPECT_EQ(read["third"].get<double>(), 1.0 / 3);
  EXPECT_EQ(read["tiny"].get<double>(), 5e-324);
  EXPECT_TRUE(read["nan"].is_null());
  EXPECT_EQ(read["a \"b\", c\\d\n"].get<int>(), 1);
}

TEST_F(SinksTest, CsvIsTheGoldenText) {
  CsvSink sink(folder_ / "m.csv", 0);
  sink.write(record_at(40));
  sink.write(odd_record());
  EXPECT_EQ(read_file(folder_ / "m.csv", kMaxBytes),
            "t_env,episode,update,name,value\n"
            "40,4,2,loss_td,0.1\n"
            "40,4,2,n_wins,3\n"
            "9007199254740993,2,1,third,0.3333333333333333\n"
            "9007199254740993,2,1,large,1e+22\n"
            "9007199254740993,2,1,tiny,5e-324\n"
            "9007199254740993,2,1,whole,20\n"
            "9007199254740993,2,1,minus_zero,-0\n"
            "9007199254740993,2,1,count,-9223372036854775808\n"
            "9007199254740993,2,1,nan,nan\n"
            "9007199254740993,2,1,inf,inf\n"
            "9007199254740993,2,1,minus_inf,-inf\n"
            "9007199254740993,2,1,\"a \"\"b\"\", c\\d\n\",1\n");
}

TEST_F(SinksTest, AFullDiskIsOneSentenceThatNamesTheFile) {
  JsonlSink sink("/dev/full", 0);
  const Error error = test::error_of([&] { sink.write(record_at(1)); });
  EXPECT_STREQ(error.what(), "cannot write /dev/full: No space left on device");
  EXPECT_EQ(error.exit_code(), ExitCode::kFailed);
}

// What a killed run wrote beyond its checkpoint is gone after the resumed run has written it again.
template <class SinkType>
void expect_resumed_equals_uninterrupted(const std::filesystem::path& whole,
                                         const std::filesystem::path& resumed) {
  {
    SinkType sink(whole, 0);
    for (const int t : {20, 40, 60, 80}) sink.write(record_at(t));
  }
  std::uint64_t at_checkpoint = 0;
  {
    SinkType sink(resumed, 0);
    sink.write(record_at(20));
    sink.write(record_at(40));
    at_checkpoint = sink.sync();
    for (const int t : {50, 55}) sink.write(record_at(t));
  }
  {
    SinkType sink(resumed, at_checkpoint);
    sink.write(record_at(60));
    sink.write(record_at(80));
  }
  EXPECT_EQ(read_file(resumed, kMaxBytes), read_file(whole, kMaxBytes));
}

TEST_F(SinksTest, AResumedJsonlHasTheBytesOfTheUninterruptedOne) {
  expect_resumed_equals_uninterrupted<JsonlSink>(folder_ / "a.jsonl", folder_ / "b.jsonl");
}

TEST_F(SinksTest, AResumedCsvHasTheBytesOfTheUninterruptedOne) {
  expect_resumed_equals_uninterrupted<CsvSink>(folder_ / "a.csv", folder_ / "b.csv");
}

TEST_F(SinksTest, AFileShorterThanItsCheckpointSaysIsAnError) {
  write_file_atomically(folder_ / "m.csv", "t_env\n");
  const Error error = test::error_of([&] { CsvSink(folder_ / "m.csv", 100); });
  EXPECT_EQ(error.what(),
            (folder_ / "m.csv").string() +
                ": expected at least the 100 bytes that it had at the checkpoint, found 6");
}

TEST(RecordDeathTest, ANameThatStandsTwiceIsABug) {
  Record record = record_at(1);
  EXPECT_DEATH(record.add("loss_td", 1.0), "value.first != name");
  EXPECT_DEATH(record.add("t_env", 1), "check failed");
}

}  // namespace
}  // namespace qtot::metrics
