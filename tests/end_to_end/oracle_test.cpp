// The oracle's verbs, as a user runs them; and the outputs that docs/oracle.md shows are what they print.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "end_to_end/process.h"
#include "qtot/base/files.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::filesystem::path kRoot = QTOT_SOURCE_DIR;

std::string vector(const std::string& name) {
  return (kRoot / "tests/data/vectors" / (name + ".npz")).string();
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST(OracleVerbs, CheckAgreesWithCommittedCasesAndUnits) {
  const ProcessResult result = run_qtot(
      {"oracle", "check", vector("pymarl_vdn"), vector("unit_grucell_0"), "--dtype=f32", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json document = json::parse(result.out);
  EXPECT_TRUE(document.at("agrees").get<bool>());
  EXPECT_EQ(document.at("cases").size(), 2u);
}

TEST(OracleVerbs, CheckFailsWhereAKeyIsWrongAndDiagnoseNamesIt) {
  const ProcessResult check =
      run_qtot({"oracle", "check", vector("pymarl_vdn"), "with", "loss_factor=0.5"});
  EXPECT_EQ(check.exit_code, 1) << check.err;
  EXPECT_THAT(check.out, HasSubstr("differs first in loss"));
  EXPECT_THAT(check.out, HasSubstr("Theirs is 2 times ours"));
  const ProcessResult diagnosis = run_qtot(
      {"oracle", "diagnose", vector("pymarl_vdn"), "loss_factor=0.5", "--single", "--json"});
  EXPECT_EQ(diagnosis.exit_code, 0) << diagnosis.err;
  const json explanations = json::parse(diagnosis.out).at("cases")[0].at("explanations");
  ASSERT_EQ(explanations.size(), 1u);
  EXPECT_EQ(explanations[0].at("ids")[0], "O1_loss_factor_1");
}

TEST(OracleVerbs, WhatStepWritesChecks) {
  const TempFolder folder;
  const std::string out = (folder.path() / "out.npz").string();
  for (const char* dtype : {"f32", "f64", "wide"}) {
    const ProcessResult step =
        run_qtot({"oracle", "step", vector("pymarl_vdn"), "--out", out, "--dtype", dtype});
    EXPECT_EQ(step.exit_code, 0) << step.err;
    const ProcessResult check = run_qtot({"oracle", "check", out, "--dtype", dtype});
    EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
  }
}

TEST(OracleVerbs, ABadFileIsOneSentenceAndDoesNotHideTheOthers) {
  const std::string absent = (kRoot / "tests/data/vectors/none.npz").string();
  const ProcessResult alone = run_qtot({"oracle", "check", absent});
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err, HasSubstr("none.npz"));
  const ProcessResult both = run_qtot({"oracle", "check", absent, vector("pymarl_vdn"), "--json"});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_EQ(json::parse(both.out).at("cases").size(), 2u);
  EXPECT_EQ(run_qtot({"oracle", "check", vector("pymarl_vdn"), "gama=1"}).exit_code, 2);
  EXPECT_EQ(run_qtot({"oracle", "check", vector("pymarl_vdn"), "--tolerance=loose"}).exit_code, 2);
  EXPECT_EQ(run_qtot({"oracle", "step", vector("pymarl_vdn"), "--out=/nowhere/x.npz"}).exit_code,
            1);
}

// Blocks of the form: $ qtot words ..., then what it prints.
TEST(OracleDocs, ShowWhatTheProgramPrints) {
  std::istringstream text(read_file(kRoot / "docs" / "oracle.md", 1 << 20));
  std::filesystem::current_path(kRoot);  // paths in the page begin at the top
  int n_commands = 0;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("$ qtot ")) continue;
    const std::vector<std::string> words = words_of(line.substr(7));
    std::string shown;
    while (std::getline(text, line) && line != "```") shown += line + "\n";
    EXPECT_EQ(run_qtot(words).out, shown);
    ++n_commands;
  }
  EXPECT_EQ(n_commands, 2);
}

}  // namespace
}  // namespace qtot::test
