// What the program says of itself, and that --json means one document and nothing else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "end_to_end/golden_run.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> verbs_in(const std::string& help) {
  std::vector<std::string> verbs;
  const std::regex line("\n  ([a-z]+) +[A-Z]");
  for (std::sregex_iterator it(help.begin(), help.end(), line), end; it != end; ++it) {
    verbs.push_back((*it)[1]);
  }
  return verbs;
}

TEST(Help, ListsTheVerbsAndEachHasItsOwn) {
  const ProcessResult help = run_qtot({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.err, "");
  const std::vector<std::string> verbs = verbs_in(help.out);
  EXPECT_THAT(verbs,
              testing::UnorderedElementsAre("train", "sweep", "report", "eval", "digest", "diff",
                                            "config", "env", "oracle", "bench", "games"));
  for (const std::string& verb : verbs) {
    const ProcessResult of_verb = run_qtot({verb, "--help"});
    EXPECT_EQ(of_verb.exit_code, 0) << verb;
    EXPECT_THAT(of_verb.out, HasSubstr(verb));
    for (const std::string& inner : verbs_in(of_verb.out)) {
      EXPECT_EQ(run_qtot({verb, inner, "--help"}).exit_code, 0) << verb << " " << inner;
    }
  }
}

TEST(Help, VersionIsThatOfTheBuild) {
  const ProcessResult version = run_qtot({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out, std::string("qtot ") + QTOT_VERSION + "\n");
}

TEST(Json, EveryReportingVerbPrintsOneDocument) {
  TempFolder temp;
  const std::string run = (temp / "run").string();
  std::vector<std::string> train_arguments = GoldenRun{.folder = run, .t_max = 300}.arguments();
  train_arguments.insert(train_arguments.begin() + 1, "--json");
  const std::string trace =
      std::string(QTOT_TEST_DATA_DIR) + "/traces/twostep-qmix-paper-DERIVED.jsonl.gz";
  const std::vector<std::vector<std::string>> commands = {
      train_arguments,  // makes the run that the others read
      {"report", run, "--json"},
      {"sweep", "--out", temp / "sweep", "--env-config=two_step", "--json", "t_max=20"},
      {"eval", run, "--json", "--episodes", "5"},
      {"digest", run, "--json"},
      {"diff", run, run, "--json"},
      {"config", "--config=qmix", "--env-config=stag_hunt", "--json"},
      {"env", "list", "--json"},
      {"env", "info", "two_step", "--json"},
      {"env", "check", trace, "--json"},
      {"bench", "matmul", "--rounds", "1", "--shape", "gru", "--json"},
      {"bench", "learner", "--shape", "2,3,4,5,6", "--batch", "2", "--json"},
      {"bench", "learner", "--shape", "2,3,4,5,6", "--batch", "2", "--project", "8", "--json"},
      {"bench", "rollout", "--config=qmix", "--env-config=two_step", "--episodes", "8", "--json"},
      {"bench", "train", "--config=qmix", "--env-config=two_step", "--rounds", "2", "--json"},
      {"bench", "env", "two_step", "--steps", "100", "--json"},
      {"bench", "replay", "--shape", "2,3,4,5,6", "--episodes", "4", "--json"},
  };
  for (const std::vector<std::string>& command : commands) {
    const ProcessResult result = run_qtot(command);
    EXPECT_EQ(result.exit_code, 0) << command[0] << ": " << result.err;
    EXPECT_TRUE(json::accept(result.out)) << command[0] << ": " << result.out;
  }
  EXPECT_EQ(json::parse(run_qtot({"digest", run, "--json"}).out).at("fingerprint"),
            fingerprint_of(run));
  EXPECT_EQ(json::parse(run_qtot({"eval", run, "--json", "--episodes", "5"}).out).at("episodes"),
            5);
}

// A PyMARL user's command line, and what it means here.
TEST(Config, LayersAreDefaultsEnvironmentAlgorithmCommandLine) {
  const ProcessResult result =
      run_qtot({"config", "--config=qmix", "--env-config=stag_hunt", "with", "lr=0.25",
                "env_args.world_shape=[6,6]", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json config = json::parse(result.out);
  EXPECT_EQ(config.at("gamma").at("origin"), "default");
  EXPECT_THAT(std::string(config.at("test_nepisode").at("origin")), HasSubstr("envs/stag_hunt"));
  EXPECT_THAT(std::string(config.at("buffer_size").at("origin")), HasSubstr("algs/qmix.yaml"));
  EXPECT_EQ(config.at("lr").at("origin"), "command line");
  EXPECT_EQ(config.at("lr").at("value"), "0.25");
  EXPECT_EQ(config.at("env_args.world_shape").at("value"), "[6, 6]");
}

}  // namespace
}  // namespace qtot::test
