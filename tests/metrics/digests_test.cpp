#include "qtot/metrics/digests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace qtot::metrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Fingerprint fingerprint(std::uint64_t low) {
  return {.high = 0xABC, .low = low};
}

DigestRecord record(std::int64_t update, std::uint64_t weight, std::uint64_t bias) {
  return {
      .update = update,
      .t_env = 10 * update,
      .fingerprint = fingerprint(weight * 1000 + bias),
      .parts = {{"agent.fc1.weight", fingerprint(weight)}, {"agent.fc1.bias", fingerprint(bias)}}};
}

class DigestsTest : public testing::Test {
 protected:
  std::string error_of(const std::string& text) const {
    write_file_atomically(path_, text);
    return test::error_of([&] { read_digests(path_); }).what();
  }

  test::TempFolder folder_;
  std::filesystem::path path_ = folder_ / "digests.jsonl";
};

TEST_F(DigestsTest, TheLineIsTheGoldenText) {
  DigestLog(path_, 0).write(record(3, 1, 2));
  EXPECT_EQ(read_file(path_, 1000),
            R"({"update":3,"t_env":30,"fingerprint":"0000000000000abc00000000000003ea","parts":{)"
            R"("agent.fc1.weight":"0000000000000abc0000000000000001",)"
            R"("agent.fc1.bias":"0000000000000abc0000000000000002"}})"
            "\n");
}

TEST_F(DigestsTest, WhatIsWrittenIsRead) {
  DigestLog log(path_, 0);
  log.write(record(1, 1, 1));
  log.write(record(2, 2, 2));
  EXPECT_THAT(read_digests(path_), ElementsAre(record(1, 1, 1), record(2, 2, 2)));
}

TEST_F(DigestsTest, ALineThatAKillCutOffIsNotRead) {
  DigestLog log(path_, 0);
  log.write(record(1, 1, 1));
  const std::string whole = read_file(path_, 10'000);
  write_file_atomically(path_, whole + whole.substr(0, whole.size() - 1));
  EXPECT_THAT(read_digests(path_), ElementsAre(record(1, 1, 1)));
}

TEST_F(DigestsTest, ErrorsNameFileAndLine) {
  const std::string good =
      R"({"update":1,"t_env":1,"fingerprint":"00000000000000000000000000000001","parts":{}})"
      "\n";
  const std::string place = path_.string() + ":2: ";
  EXPECT_EQ(error_of(good + "{\"update\":\n"),
            place + "expected a JSON object, found another text");
  EXPECT_EQ(error_of(good + "[1]\n"), place + "expected a JSON object, found another text");
  EXPECT_EQ(error_of(good + "{}\n"), place + "expected a \"fingerprint\" and an object \"parts\"");
  EXPECT_EQ(error_of(good + R"({"fingerprint":"1","parts":{},"update":2.5})"
                            "\n"),
            place + "expected an integer \"update\"");
  EXPECT_EQ(error_of(good + R"({"update":2,"t_env":2,"fingerprint":"12","parts":{}})"
                            "\n"),
            place + "expected a fingerprint of 32 hex digits, found \"12\"");
  EXPECT_EQ(error_of(good + R"({"update":2,"t_env":2,"fingerprint":7,"parts":{}})"
                            "\n"),
            place + "expected fingerprints as texts");
  EXPECT_EQ(error_of(good + good), place + "expected an update after 1, found 1");
}

TEST_F(DigestsTest, DeeplyNestedTextIsAnErrorNotACrash) {
  EXPECT_THAT(error_of(std::string(2'000'000, '[') + "\n"), HasSubstr("expected a JSON object"));
}

TEST(CompareDigestsTest, NamesTheFirstUpdateAndThePartsInOrder) {
  const std::vector<DigestRecord> a = {record(1, 1, 1), record(2, 5, 6), record(3, 7, 8)};
  const std::vector<DigestRecord> b = {record(1, 1, 1), record(2, 5, 9), record(3, 0, 0)};
  const DigestComparison result = compare_digests(a, b);
  ASSERT_TRUE(result.first_difference.has_value());
  EXPECT_EQ(result.first_difference->update, 2);
  EXPECT_EQ(result.first_difference->t_env, 20);
  EXPECT_THAT(result.first_difference->parts, ElementsAre("agent.fc1.bias"));
}

TEST(CompareDigestsTest, OnlyUpdatesThatBothRecordedCount) {
  const std::vector<DigestRecord> every = {record(1, 1, 1), record(2, 2, 2), record(4, 4, 4)};
  const std::vector<DigestRecord> second = {record(2, 2, 2), record(4, 4, 4), record(6, 6, 6)};
  const DigestComparison result = compare_digests(every, second);
  EXPECT_EQ(result.n_compared, 2u);
  EXPECT_FALSE(result.first_difference.has_value());
}

TEST(CompareDigestsTest, APartThatOneRunLacksDiffers) {
  DigestRecord fewer = record(1, 1, 1);
  fewer.parts.pop_back();
  fewer.fingerprint = fingerprint(99);
  const auto result = compare_digests({fewer}, {record(1, 1, 1)});
  ASSERT_TRUE(result.first_difference.has_value());
  EXPECT_THAT(result.first_difference->parts, ElementsAre("agent.fc1.bias"));
}

}  // namespace
}  // namespace qtot::metrics
