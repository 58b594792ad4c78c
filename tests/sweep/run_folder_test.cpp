#include "qtot/sweep/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "qtot/yaml/yaml.h"
#include "support/temp_folder.h"

namespace qtot::sweep {
namespace {

using test::error_of;
using test::TempFolder;
using testing::HasSubstr;

config::ReadConfig resolved(const std::string& text) {
  return config::read_training_config(yaml::load_text(text, "test"));
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(RunFolderTest, ARunIsFinishedWhenItsConfigurationIsItAndItHasASummary) {
  const TempFolder temp;
  const config::ReadConfig config = resolved("env: two_step\nlr: 0.25\nenv_args: {a: 1}\n");
  const config::KeyTexts wanted = config::training_keys(config);
  EXPECT_EQ(state_of(temp / "nothing", wanted), FolderState::kNew);
  EXPECT_EQ(state_of(temp.path(), wanted), FolderState::kNew);
  write(temp / "config.yaml", yaml::dump(config.map));
  EXPECT_EQ(state_of(temp.path(), wanted), FolderState::kBegun);
  write(temp / "summary.json", "{}");
  EXPECT_EQ(state_of(temp.path(), wanted), FolderState::kFinished);
}

TEST(RunFolderTest, KeysThatAreNotTrainingKeysMayDiffer) {
  const TempFolder temp;
  write(temp / "config.yaml", yaml::dump(resolved("env: two_step\nname: a\n").map));
  EXPECT_EQ(state_of(temp.path(),
                     config::training_keys(resolved("env: two_step\nname: b\ntest_interval: 7\n"))),
            FolderState::kBegun);
}

TEST(RunFolderTest, ATrainingKeyThatDiffersIsNamed) {
  const TempFolder temp;
  write(temp / "config.yaml", yaml::dump(resolved("env: two_step\nlr: 0.5\n").map));
  const auto text_for = [&](const std::string& wanted) {
    return std::string(
        error_of([&] { state_of(temp.path(), config::training_keys(resolved(wanted))); }).what());
  };
  EXPECT_THAT(text_for("env: two_step\nlr: 0.25\n"),
              HasSubstr("expected lr = 0.25, as asked for, found lr = 0.5"));
  EXPECT_THAT(text_for("env: two_step\nlr: 0.5\nenv_args: {map_name: x}\n"),
              HasSubstr("found env_args.map_name = (nothing)"));
}

}  // namespace
}  // namespace qtot::sweep
