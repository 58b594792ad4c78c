#include "qtot/sweep/array_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "qtot/sweep/run_jobs.h"
#include "support/temp_folder.h"
#include "sweep/content.h"

namespace qtot::sweep {
namespace {

using testing::HasSubstr;

// What a shell makes of the words.
std::string echoed(const std::string& words) {
  const test::TempFolder temp;
  const std::string script = "for word in " + words + "; do printf '%s|' \"$word\"; done";
  run_jobs({{.program = "/bin/sh", .arguments = {"sh", "-c", script}, .log = temp / "log.txt"}}, 1,
           [](std::size_t, const JobResult&, const JobCounts&) {});
  return test::content(temp / "log.txt");
}

TEST(ShellQuotedTest, AShellHandsTheWordOnAsItIs) {
  for (const char* word :
       {"lr=0.1", "",      "a b",        "it's", "''",       "$HOME", "`id`", "$(id)",
        "\\",     "\"",    "*",          "~",    "#x",       "a;b",   "a&b",  "!x",
        "{1,2}",  "[6,6]", "two\nlines", "\t",   "\xc3\xa4", "-n",    "a=~b"}) {
    EXPECT_EQ(echoed(shell_quoted(word)), word + std::string("|"));
  }
}

TEST(ArrayScriptTest, LinesForSlurmHoldNothingThatTheUserWrote) {
  const std::string script = array_script({.job_name = "a b\n#SBATCH --uid=0 %j",
                                           .folder = "/home/me/my $work",
                                           .program = "/opt/q tot/qtot",
                                           .arguments = {"--out=x y"},
                                           .assignments = {"map_name=\n#SBATCH --nodes=99"},
                                           .n_parts = 12,
                                           .n_threads = 3});
  EXPECT_THAT(script, HasSubstr("\n#SBATCH --job-name=a_b__SBATCH_--uid=0__j\n"));
  EXPECT_THAT(script, HasSubstr("\n#SBATCH --array=1-12\n"));
  EXPECT_THAT(script, HasSubstr("\n#SBATCH --cpus-per-task=3\n"));
  EXPECT_THAT(script, HasSubstr("\ncd -- '/home/me/my $work' || exit 2\n"));
  EXPECT_THAT(script, HasSubstr("\nqtot=('/opt/q tot/qtot')\n"));
  // sbatch reads such lines only above the first command
  EXPECT_LT(script.find("\n: "), script.find("--nodes=99"));
}

}  // namespace
}  // namespace qtot::sweep
