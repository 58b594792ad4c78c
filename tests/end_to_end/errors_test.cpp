// Every mistake gives one sentence on stderr that says where it is, what was expected and what was
// found, the exit code of the contract, and nothing half-written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "end_to_end/golden_run.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// One line that starts with the program's name, contains all of `parts`; nothing on stdout.
void expect_sentence(const ProcessResult& result, int exit_code,
                     const std::vector<std::string>& parts) {
  EXPECT_EQ(result.exit_code, exit_code) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, testing::StartsWith("qtot: "));
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  for (const std::string& part : parts) EXPECT_THAT(result.err, HasSubstr(part));
}

struct Mistake {
  std::string name;
  std::vector<std::string> arguments;  // behind `train --out FOLDER`
  std::vector<std::string> parts;      // of the sentence
};

class EveryMistake : public testing::TestWithParam<Mistake> {};

TEST_P(EveryMistake, OfTheConfigurationIsNamedAndMakesNoRunFolder) {
  TempFolder temp;
  const fs::path run = temp / "run";
  std::vector<std::string> arguments = {"train", "--out", run.string()};
  arguments.insert(arguments.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  expect_sentence(run_qtot(arguments), 2, GetParam().parts);
  EXPECT_FALSE(fs::exists(run));
}

const std::vector<std::string> kQmix = {"--config=qmix", "--env-config=two_step"};

Mistake with(const std::string& name, const std::string& assignment,
             const std::vector<std::string>& parts) {
  return {name, {kQmix[0], kQmix[1], "with", assignment}, parts};
}

INSTANTIATE_TEST_SUITE_P(
    Train, EveryMistake,
    testing::Values(
        with("UnknownKey", "bach_size=8", {"bach_size", "command line", "did you mean batch_size"}),
        with("WrongType", "lr=fast", {"lr", "command line", "expected a number, found text"}),
        with("BrokenRule", "td_lambda=1.5", {"td_lambda = 1.5", "must be in [0, 1]"}),
        with("UnknownEnvironment", "env=stag_hnt",
             {"stag_hnt", "did you mean stag_hunt?", "two_step"}),
        with("UnknownKeyOfTheEnvironment", "env_args.map_nam=two_step",
             {"env_args.map_nam", "environment two_step", "did you mean map_name?"}),
        with("WrongValueOfTheEnvironment", "env_args.map_name=three_step",
             {"env_args.map_name", "three_step", "two_step"}),
        with("UnknownMixer", "mixer=qmx", {"mixer", "qmx", "did you mean qmix?", "vdn"}),
        with("BatchLargerThanBuffer", "buffer_size=31",
             {"batch_size = 32", "larger than", "buffer_size = 31"}),
        with("PeersKeyThatIsNotThere", "obs_individual_obs=True",
             {"obs_individual_obs = True", "takes only False"}),
        with("WordWithoutAValue", "lr", {"lr", "key=value"}),
        Mistake{"NoEnvironment", {"--config=qmix"}, {"no environment is named", "--env-config"}},
        Mistake{"UnknownConfiguration",
                {"--config=qmax", "--env-config=two_step"},
                {"--config=qmax", "did you mean qmix?", "pymarl2/qmix", "vdn"}},
        Mistake{"UnknownEnvironmentConfiguration",
                {"--config=qmix", "--env-config=chess"},
                {"--env-config=chess", "matrix_game", "stag_hunt", "two_step"}},
        Mistake{"MissingFile",
                {"--config=/nowhere/mine.yaml", "--env-config=two_step"},
                {"/nowhere/mine.yaml", "No such file"}},
        Mistake{"NoThreads", {kQmix[0], kQmix[1], "--threads", "0"}, {"--threads", "0", "1"}},
        Mistake{"ThreadsInWords", {kQmix[0], kQmix[1], "--threads", "many"}, {"--threads", "many"}},
        Mistake{"UnknownFlag", {kQmix[0], kQmix[1], "--treads=2"}, {"--treads=2"}}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(Errors, UnknownVerbIsNamed) {
  expect_sentence(run_qtot({"trian"}), 2, {"trian", "did you mean train?", "--help"});
  expect_sentence(run_qtot({}), 2, {"subcommand", "--help"});
}

TEST(Errors, KeyInAFileIsNamedWithItsLine) {
  TempFolder temp;
  overwrite(temp / "mine.yaml", "env: two_step\ngama: 0.9\n");
  const std::string config = (temp / "mine.yaml").string();
  expect_sentence(run_qtot({"train", "--config=" + config, "--out", (temp / "run").string()}), 2,
                  {"gama", "mine.yaml:2", "did you mean gamma?"});
  overwrite(temp / "mine.yaml", "env: two_step\nlr: [1\n");
  expect_sentence(run_qtot({"train", "--config=" + config, "--out", (temp / "run").string()}), 2,
                  {"mine.yaml:"});
  EXPECT_FALSE(fs::exists(temp / "run"));
}

TEST(Errors, OfConfigAreThoseOfTrain) {
  expect_sentence(run_qtot({"config", "--config=qmix", "--env-config=two_step", "mixer=qmx"}), 2,
                  {"mixer", "qmx", "did you mean qmix?"});
  expect_sentence(run_qtot({"config", "--config=qmix", "--env-config=two_step", "env=chess"}), 2,
                  {"env = \"chess\"", "two_step"});
}

TEST(Errors, MissingRunIsNamed) {
  const std::string run = "/nowhere/run";
  for (const char* verb : {"eval", "digest"}) {
    expect_sentence(run_qtot({verb, run}), 2, {run, "expected a run folder or a checkpoint"});
  }
  expect_sentence(run_qtot({"diff", run, run}), 2, {run});
  TempFolder empty;
  for (const char* verb : {"eval", "digest"}) {
    expect_sentence(run_qtot({verb, empty.path().string()}), 2,
                    {empty.path().string(), "expected a checkpoint, found none"});
  }
}

TEST(Errors, FolderThatCannotBeMadeIsNamed) {
  TempFolder temp;
  overwrite(temp / "file", "");
  for (const fs::path& run : {temp / "file" / "run", fs::path("/proc/qtot/run")}) {
    expect_sentence(run_qtot(GoldenRun{.folder = run}.arguments()), 1,
                    {"cannot make the directory", run.string()});
  }
  expect_sentence(run_qtot(GoldenRun{.folder = temp / "file"}.arguments()), 2,
                  {(temp / "file").string(), "exists"});
}

TEST(Errors, ExistingRunFolderIsLeftAlone) {
  TempFolder temp;
  train({.folder = temp / "run", .t_max = 300});
  const auto before = files_with_times(temp / "run");
  expect_sentence(run_qtot(GoldenRun{.folder = temp / "run"}.arguments()), 2,
                  {(temp / "run").string(), "exists", "--resume"});
  EXPECT_EQ(files_with_times(temp / "run"), before);
}

TEST(Errors, CheckpointOfAnotherConfigurationIsRefusedByTheKey) {
  TempFolder temp;
  train({.folder = temp / "run", .t_max = 300});
  const auto before = files_with_times(temp / "run");
  const std::vector<std::vector<std::string>> changes = {
      {"gamma=0.9", "gamma = 0.99", "gamma = 0.9"},
      {"env_args.n_stags=3", "env_args.n_stags = 4", "env_args.n_stags = 3"},
      {"t_max=400", "t_max = 300", "t_max = 400"},
  };
  for (const std::vector<std::string>& change : changes) {
    const GoldenRun run{.folder = temp / "run", .t_max = 300, .resume = true, .more = {change[0]}};
    expect_sentence(run_qtot(run.arguments()), 2,
                    {checkpoints_of(temp / "run").back().string(), change[1], change[2]});
  }
  EXPECT_EQ(files_with_times(temp / "run"), before);
}

TEST(Errors, DamagedCheckpointIsNamed) {
  TempFolder temp;
  train({.folder = temp / "run", .t_max = 300});
  const std::vector<fs::path> checkpoints = checkpoints_of(temp / "run");
  ASSERT_EQ(checkpoints.size(), 1U);
  const std::string path = checkpoints[0].string();
  const std::string whole = content(checkpoints[0]);
  const std::vector<std::pair<std::string, std::string>> damages = {
      {whole.substr(0, whole.size() / 2), "expected a payload of"},
      {whole.substr(0, 20), "too short"},
      {"", "too short"},
      {whole + "x", "expected a payload of"},
      {"x" + whole.substr(1), "not a qtot checkpoint"},
      {whole.substr(0, 100) + "\x7f" + whole.substr(101), "expected the checksum"},
  };
  for (const auto& [bytes, why] : damages) {
    overwrite(checkpoints[0], bytes);
    expect_sentence(run_qtot({"digest", path}), 2, {path, why});
    expect_sentence(run_qtot({"eval", path}), 2, {path, why});
    expect_sentence(run_qtot({"digest", (temp / "run").string()}), 2, {path, why});
    const GoldenRun run{.folder = temp / "run", .t_max = 300, .resume = true};
    expect_sentence(run_qtot(run.arguments()), 2, {path, why});
    EXPECT_EQ(content(checkpoints[0]), bytes);
  }
}

// The limit on the size of a file stands for the full disk: the same write fails. The limits meet
// config.yaml, a log and a checkpoint.
TEST(Errors, FullDiskEndsTheRunAndLeavesNothingHalfWritten) {
  TempFolder temp;
  train({.folder = temp / "whole", .t_max = 600});
  for (const std::uint64_t limit : {100U, 3000U, 30000U}) {
    GoldenRun run{.folder = temp / std::to_string(limit), .t_max = 600};
    const ProcessResult result = run_qtot(run.arguments(), {.max_file_bytes = limit});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("qtot: cannot write " + run.folder.string()));
    EXPECT_THAT(result.err, HasSubstr("File too large"));
    EXPECT_FALSE(fs::exists(run.folder / "summary.json"));
    for (const auto& [name, bytes] : files_with_times(run.folder)) {
      EXPECT_THAT(name, testing::Not(HasSubstr(".tmp")));
    }

    // with space again the run goes on, to the bits of one that was never disturbed
    run.resume = true;
    train(run);
    EXPECT_EQ(fingerprint_of(run.folder), fingerprint_of(temp / "whole"));
    EXPECT_EQ(content(run.folder / "metrics.jsonl"), content(temp / "whole" / "metrics.jsonl"));
  }
}

TEST(Errors, StandardOutputThatIsFullIsAFailure) {
  const std::vector<std::vector<std::string>> verbs = {
      {"config", "--config=qmix", "--env-config=two_step"},
      {"env", "list"},
      {"env", "info", "stag_hunt", "--json"}};
  for (const std::vector<std::string>& verb : verbs) {
    const ProcessResult result = run_qtot(verb, {.out = "/dev/full"});
    EXPECT_EQ(result.exit_code, 1) << verb[0];
    EXPECT_THAT(result.err, HasSubstr("standard output cannot be written"));
  }
}

// ---- recordings

std::string two_step_trace(const std::string& reward) {
  const std::string avail = R"("avail":[[1,1],[1,1]])";
  return R"({"k":"header","env":"twostep","ref":"test","n_agents":2,"n_actions":2,"obs":3,)"
         R"("state":3,"config":{"payoff":{"2A":[[7,7],[7,7]],"2B":[[0,1],[1,8]]},)"
         R"("first_agent_decides":true}})"
         "\n"
         R"({"k":"reset","ep":0,"seed":0,"s":{"s":"1"},"obs":[[1,0,0],[1,0,0]],"state":[1,0,0],)" +
         avail +
         "}\n"
         R"({"k":"step","a":[0,0],"r":[)" +
         reward +
         R"(],"term":0,"trunc":0,"s":{"s":"2A"},"obs":[[0,1,0],[0,1,0]],"state":[0,1,0],)" + avail +
         "}\n";
}

TEST(Errors, RecordingThatDiffersIsAFailedCheck) {
  TempFolder temp;
  const std::string trace = (temp / "trace.jsonl").string();
  overwrite(trace, two_step_trace("0"));
  EXPECT_EQ(run_qtot({"env", "check", trace}).exit_code, 0);
  overwrite(trace, two_step_trace("1"));
  const ProcessResult result = run_qtot({"env", "check", trace});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("line 3"));
  EXPECT_THAT(result.out, HasSubstr("expected 1, found 0"));
}

TEST(Errors, MalformedRecordingIsNamedWithItsLine) {
  TempFolder temp;
  const std::string trace = (temp / "trace.jsonl").string();
  const std::string good = two_step_trace("0");
  overwrite(trace, good + "{\"k\":\"step\",\n");
  expect_sentence(run_qtot({"env", "check", trace}), 2, {trace, "4"});
  overwrite(trace, "");
  expect_sentence(run_qtot({"env", "check", trace}), 2, {trace});
  overwrite(trace, "{\"k\":\"header\",\"env\":\"chess\"}\n");
  expect_sentence(run_qtot({"env", "check", trace}), 2, {trace});
  expect_sentence(run_qtot({"env", "check", "/nowhere/trace.jsonl"}), 2, {"/nowhere/trace.jsonl"});
}

}  // namespace
}  // namespace qtot::test
