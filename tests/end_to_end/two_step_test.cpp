// The two-step game as in the QMIX paper: full exploration, sampled from the ring. `qtot train` prints
// the learned tables and puts them into summary.json.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "end_to_end/golden_run.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

using nlohmann::json;
using Table = std::vector<std::vector<double>>;
using Tables = std::map<std::string, Table>;

json summary_of(const std::string& config, const std::string& folder, std::string& printed) {
  const ProcessResult result =
      run_qtot({"train", "--config=" + config, "--env-config=two_step", "--out", folder});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  printed = result.out;
  return json::parse(content(folder + "/summary.json"));
}

void expect_near(const json& found, const Tables& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [situation, table] : expected) {
    const Table learned = found.at(situation);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) {
        EXPECT_NEAR(learned[i][j], table[i][j], tolerance)
            << situation << " [" << i << "][" << j << "]";
      }
    }
  }
}

TEST(TwoStep, QmixFindsTheEightAndVdnSettlesForTheSeven) {
  TempFolder temp;
  std::string printed;
  const json qmix = summary_of("two_step_qmix", (temp / "qmix").string(), printed);
  expect_near(qmix.at("q_tot"),
              {{"first step", {{6.93, 6.93}, {7.92, 7.92}}},
               {"game A", {{7, 7}, {7, 7}}},
               {"game B", {{0, 1}, {1, 8}}}},
              0.1);
  EXPECT_EQ(qmix.at("test_return_mean"), 8);
  for (const char* situation : {"first step", "game A", "game B"}) {
    EXPECT_THAT(printed, testing::HasSubstr(std::string("Q_tot in ") + situation));
  }

  const json vdn = summary_of("two_step_vdn", (temp / "vdn").string(), printed);
  expect_near(vdn.at("q_tot"),
              {{"first step", {{6.93, 6.93}, {6.435, 6.435}}},
               {"game A", {{7, 7}, {7, 7}}},
               {"game B", {{-1.5, 2.5}, {2.5, 6.5}}}},
              0.5);
  EXPECT_EQ(vdn.at("test_return_mean"), 7);
}

}  // namespace
}  // namespace qtot::test
