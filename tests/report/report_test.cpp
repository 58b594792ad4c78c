#include "qtot/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "qtot/report/svg.h"
#include "support/temp_folder.h"

namespace qtot::report {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

struct Made {
  std::string env = "two_step";
  std::string map_name = {};
  std::string name = "qmix";
  std::string lr = "0.1";
  int seed = 1;
  std::vector<double> values = {1, 2, 3};
  std::string metric = "test_return_mean";
};

void write_run(const fs::path& folder, const Made& made) {
  std::string config = "name: " + made.name + "\nenv: " + made.env + "\nlr: " + made.lr +
                       "\nseed: " + std::to_string(made.seed) + "\ntest_interval: 100\n";
  if (!made.map_name.empty()) config += "env_args:\n  map_name: " + made.map_name + "\n";
  write(folder / "config.yaml", config);
  std::string metrics;
  for (std::size_t i = 0; i < made.values.size(); ++i) {
    metrics += "{\"t_env\":" + std::to_string(100 * i + static_cast<std::size_t>(made.seed)) +
               ",\"episode\":1,\"update\":1,\"" + made.metric +
               "\":" + std::to_string(made.values[i]) + "}\n";
  }
  write(folder / "metrics.jsonl", metrics);
  write(folder / "summary.json", "{}");
}

std::vector<RunRecord> read_all(const fs::path& folder) {
  std::vector<RunRecord> runs;
  for (const fs::path& run : find_runs(folder)) runs.push_back(read_run(run));
  return runs;
}

std::vector<std::string> names(const std::vector<Group>& groups) {
  std::vector<std::string> result;
  for (const Group& group : groups) {
    result.push_back(group.name + " x" + std::to_string(group.n_runs()));
  }
  return result;
}

TEST(GroupsTest, RunsThatDifferOnlyInTheirSeedAreOne) {
  const TempFolder temp;
  write_run(temp / "a", {.seed = 2});
  write_run(temp / "b", {.seed = 10});
  write_run(temp / "c", {.lr = "0.2", .seed = 1});
  write_run(temp / "d", {.name = "vdn", .lr = "0.3", .seed = 1});
  const std::vector<RunRecord> runs = read_all(temp.path());
  const std::vector<Group> groups = group_runs(runs, {});
  EXPECT_THAT(names(groups), ElementsAre("qmix lr=0.1 x2", "qmix lr=0.2 x1", "vdn lr=0.3 x1"));
  EXPECT_EQ(groups[0].strata[0][0]->seed, "2");  // by number, not as text
  EXPECT_EQ(groups[0].strata[0][1]->seed, "10");
}

TEST(GroupsTest, TheirOrderIsNotThatOfTheFolders) {
  const TempFolder temp;
  write_run(temp / "z", {.name = "iql", .lr = "0.2"});
  write_run(temp / "a", {.name = "vdn"});
  std::vector<RunRecord> runs = read_all(temp.path());
  const std::vector<std::string> forward = names(group_runs(runs, {}));
  std::ranges::reverse(runs);
  EXPECT_EQ(names(group_runs(runs, {})), forward);
  EXPECT_THAT(forward, ElementsAre("iql x1", "vdn x1"));
}

TEST(GroupsTest, EnvironmentsAndMapsHaveAPanelEach) {
  const TempFolder temp;
  write_run(temp / "a", {.env = "combat", .map_name = "3m"});
  write_run(temp / "b", {.env = "combat", .map_name = "8m"});
  write_run(temp / "c", {.env = "combat", .map_name = "8m", .name = "vdn", .lr = "1"});
  const std::vector<RunRecord> runs = read_all(temp.path());
  const std::vector<Group> groups = group_runs(runs, {});
  EXPECT_THAT(names(groups),
              ElementsAre("combat 3m: qmix x1", "combat 8m: qmix x1", "combat 8m: vdn x1"));
  EXPECT_EQ(groups[1].panel, "combat 8m");
  EXPECT_EQ(groups[1].label, "qmix");
}

TEST(GroupsTest, AMapThatIsCalledLikeItsEnvironmentIsNotNamedTwice) {
  const TempFolder temp;
  write_run(temp / "a", {.env = "stag_hunt", .map_name = "stag_hunt"});
  const std::vector<RunRecord> runs = read_all(temp.path());
  EXPECT_EQ(group_runs(runs, {})[0].panel, "stag_hunt");
}

TEST(GroupsTest, ByKeysTheyPoolStrata) {
  const TempFolder temp;
  write_run(temp / "a", {.env = "combat", .map_name = "3m", .seed = 1});
  write_run(temp / "b", {.env = "combat", .map_name = "3m", .seed = 2});
  write_run(temp / "c", {.env = "combat", .map_name = "8m", .seed = 1});
  const std::vector<RunRecord> runs = read_all(temp.path());
  const std::vector<Group> by_name = group_runs(runs, {"config"});
  ASSERT_THAT(names(by_name), ElementsAre("qmix x3"));
  EXPECT_EQ(by_name[0].panel, "2 environments");
  EXPECT_EQ(by_name[0].strata.size(), 2U);
  EXPECT_THAT(names(group_runs(runs, {"config", "env_args.map_name"})),
              ElementsAre("combat 3m: qmix x2", "combat 8m: qmix x1"));
  EXPECT_THAT(error_of([&] { group_runs(runs, {"env_arg.map_name"}); }).what(),
              HasSubstr("did you mean env_args.map_name?"));
}

TEST(GroupsTest, OneRunTwiceIsRefused) {
  const TempFolder temp;
  write_run(temp / "a", {.name = "qmix"});
  write_run(temp / "b", {.name = "another name"});  // names are no training keys
  const std::vector<RunRecord> runs = read_all(temp.path());
  EXPECT_THAT(error_of([&] { group_runs(runs, {}); }).what(),
              HasSubstr("have the same training keys and seed 1"));
}

TEST(RunRecordTest, DamageIsNamedByFileAndLine) {
  const TempFolder temp;
  const fs::path run = temp / "run";
  write_run(run, {});
  const auto text_with = [&](const std::string& metrics) {
    write(run / "metrics.jsonl", metrics);
    return std::string(error_of([&] { read_run(run); }).what());
  };
  const std::string good = "{\"t_env\":1,\"x\":2}\n";
  EXPECT_THAT(text_with(good + "{\"t_env\":2,\"x\n"),
              HasSubstr("metrics.jsonl:2: expected a JSON"));
  EXPECT_THAT(text_with("{\"x\":2}\n"),
              HasSubstr("metrics.jsonl:1: expected an integer \"t_env\""));
  EXPECT_THAT(text_with(good + good), HasSubstr("metrics.jsonl:2: \"x\" at t_env 1 stands behind"));
  EXPECT_THAT(text_with(good + "{\"t_env\":2,\"x\":null}\n"),
              HasSubstr("metrics.jsonl:2: expected a number within 1e100 for \"x\", found null"));
  EXPECT_THAT(text_with("{\"t_env\":1,\"x\":1e101}\n"),
              HasSubstr("metrics.jsonl:1: expected a number"));
  EXPECT_THAT(text_with("{\"t_env\":-1,\"x\":1}\n"),
              HasSubstr("metrics.jsonl:1: expected a \"t_env\""));
  EXPECT_THAT(text_with("{\"t_env\":18446744073709551615,\"x\":1}\n"),
              HasSubstr("metrics.jsonl:1: expected a \"t_env\""));
  EXPECT_EQ(text_with(good + "{\"t_env\":2,\"x"), "no error");  // a killed run's last line
  EXPECT_EQ(read_run(run).metrics.at("x"), (Samples{{1, 2}}));

  fs::remove(run / "metrics.jsonl");
  EXPECT_THAT(error_of([&] { read_run(run); }).what(), HasSubstr("metrics.jsonl"));
  EXPECT_THAT(error_of([&] { find_runs(temp / "nowhere"); }).what(), HasSubstr("nothing there"));
  fs::create_directories(temp / "empty");
  EXPECT_THAT(error_of([&] { find_runs(temp / "empty"); }).what(), HasSubstr("found none"));
}

TEST(ReportTest, AnUnknownMetricIsToldWhichThereAre) {
  const TempFolder temp;
  write_run(temp / "a", {});
  const std::vector<RunRecord> runs = read_all(temp.path());
  EXPECT_THAT(error_of([&] { make_report(runs, {.metric = "loss"}); }).what(),
              HasSubstr("no metric loss; it has test_return_mean"));
}

TEST(ReportTest, WinsAreTheMetricWhereAllRunsHaveThem) {
  const TempFolder temp;
  write_run(temp / "a", {.seed = 1, .metric = "test_battle_won_mean"});
  EXPECT_EQ(make_report(read_all(temp.path()), {}).metric, "test_battle_won_mean");
  write_run(temp / "b", {.name = "vdn", .lr = "1", .seed = 1});
  EXPECT_THAT(error_of([&] { make_report(read_all(temp.path()), {}); }).what(),
              HasSubstr("no metric test_return_mean; it has test_battle_won_mean"));
}

TEST(ReportTest, IsTheFiguresOfItsRuns) {
  const TempFolder temp;
  write_run(temp / "a", {.seed = 1, .values = {0, 1, 2, 6}});
  write_run(temp / "b", {.seed = 2, .values = {0, 4, 5, 6}});
  const Report report = make_report(read_all(temp.path()), {.n_last = 2});
  ASSERT_EQ(report.groups.size(), 1U);
  const GroupReport& group = report.groups[0];
  EXPECT_THAT(group.finals, ElementsAre(4, 5.5));
  EXPECT_EQ(group.mean, 4.75);
  EXPECT_EQ(group.iqm, 4.75);
  ASSERT_TRUE(group.intervals);
  EXPECT_EQ(group.intervals->iqm, (Interval{.lo = 4, .hi = 5.5}));
  EXPECT_EQ(group.curve.size(), 4U);
}

TEST(ReportTest, CsvHasALineForEachGroupAndStep) {
  const TempFolder temp;
  write_run(temp / "a", {.name = "q,\"x\"", .seed = 1, .values = {0, 0.5}});
  EXPECT_EQ(csv(make_report(read_all(temp.path()), {})),
            "group,t_env,n,mean,median,q25,q75,iqm,lo,hi\n"
            "\"q,\"\"x\"\"\",1,1,0,0,0,0,0,,\n"
            "\"q,\"\"x\"\"\",101,1,0.5,0.5,0.5,0.5,0.5,,\n");
}

// Elements are closed in the order in which they were opened, and attributes are quoted.
void expect_well_formed(const std::string& svg) {
  std::vector<std::string> open;
  const std::regex tag(R"re(<(/?)([a-z]+)((?: [a-zA-Z0-9:-]+="[^"<]*")*)(/?)>)re");
  std::string rest;
  std::size_t end = 0;
  for (std::sregex_iterator it(svg.begin(), svg.end(), tag), last; it != last; ++it) {
    rest += svg.substr(end, static_cast<std::size_t>(it->position()) - end);
    end = static_cast<std::size_t>(it->position() + it->length());
    if (!(*it)[1].str().empty()) {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), (*it)[2].str());
      open.pop_back();
    } else if ((*it)[4].str().empty()) {
      open.push_back((*it)[2].str());
    }
  }
  EXPECT_THAT(open, testing::IsEmpty());
  EXPECT_EQ(rest.find_first_of("<>"), std::string::npos) << rest;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(SvgTest, HasAPanelForEachEnvironmentAndALineAndABandForEachGroup) {
  const TempFolder temp;
  for (int seed = 1; seed <= 4; ++seed) {
    const std::string n = std::to_string(seed);
    write_run(temp / ("a" + n), {.env = "combat", .map_name = "3m", .seed = seed});
    write_run(temp / ("b" + n), {.env = "combat", .map_name = "8<m>&", .seed = seed});
  }
  write_run(temp / "c1", {.env = "combat", .map_name = "3m", .name = "vdn", .lr = "1", .seed = 1});
  write_run(temp / "c2", {.env = "combat", .map_name = "3m", .name = "vdn", .lr = "1", .seed = 2});
  const std::string text = svg(make_report(read_all(temp.path()), {.n_smooth = 2}), "");
  expect_well_formed(text);
  EXPECT_EQ(count(text, "class=\"panel\""), 2U);
  EXPECT_EQ(count(text, "<polyline"), 3U);
  EXPECT_EQ(count(text, "<polygon"), 3U);
  EXPECT_THAT(text, HasSubstr("combat 8&lt;m&gt;&amp;"));
  EXPECT_THAT(text, HasSubstr("Median of 2 to 4 runs, band: interquartile range (lowest to highest "
                              "below 4 runs); running mean over 2 evaluations"));
  EXPECT_THAT(text, testing::Not(HasSubstr("nan")));
  // one colour a label, whatever the panel
  EXPECT_EQ(count(text, "class=\"band\" fill=\"#0072B2\""), 2U);
}

TEST(SvgTest, AReferenceIsALineInTheColourOfItsGroup) {
  const TempFolder temp;
  write_run(temp / "a", {.env = "combat", .map_name = "3m", .seed = 1});
  write_run(temp / "b", {.env = "combat", .map_name = "3m", .name = "vdn", .lr = "1", .seed = 1});
  const Report report = make_report(read_all(temp.path()), {});
  const std::string label = report.groups[1].label;
  const std::string text = svg(report, "", {{label, -500.5}, {"<nobody>", 2}});
  expect_well_formed(text);
  EXPECT_EQ(count(text, "stroke-dasharray=\"6 4\" stroke=\"#D55E00\""), 1U);
  EXPECT_EQ(count(text, "stroke-dasharray=\"6 4\" stroke=\"#8b949e\""), 1U);
  EXPECT_THAT(text, HasSubstr(label + " -500.5<"));
  EXPECT_THAT(text, HasSubstr("&lt;nobody&gt; 2<"));
  EXPECT_THAT(text, HasSubstr("; dashed: references"));
  EXPECT_THAT(text, HasSubstr(">-600<"));  // the axis reaches it
}

TEST(ReportTest, CurvesBeginWhereTheyAreTold) {
  const TempFolder temp;
  write_run(temp / "a", {.values = {3, 4, 5}});
  const Samples samples = read_all(temp.path())[0].metrics.at("test_return_mean");
  const Report report = make_report(read_all(temp.path()), {.first_step = samples[1].t_env});
  ASSERT_EQ(report.groups[0].curve.size(), 2U);
  EXPECT_EQ(report.groups[0].curve[0].median, 4);
  EXPECT_EQ(report.groups[0].mean, 4);  // of all three evaluations
  EXPECT_THROW(make_report(read_all(temp.path()), {.first_step = samples[2].t_env + 1}), Error);
}

TEST(SvgTest, OfOneRunIsALineWithoutABand) {
  const TempFolder temp;
  write_run(temp / "a", {.values = {3}});
  const std::string text = svg(make_report(read_all(temp.path()), {}), "One & only");
  expect_well_formed(text);
  EXPECT_EQ(count(text, "<polyline"), 1U);
  EXPECT_EQ(count(text, "<polygon"), 0U);
  EXPECT_THAT(text, HasSubstr("One &amp; only"));
  EXPECT_THAT(text, HasSubstr("Median of 1 run<"));
}

}  // namespace
}  // namespace qtot::report
