// Recordings of the warehouse: what a step's outcomes of chance were where the list of requests alone
// does not say it.

#include <gtest/gtest.h>

#include <fstream>

#include "env_check/mutated_trace.h"
#include "qtot/env/env.h"
#include "support/temp_folder.h"

namespace qtot {
namespace {

constexpr std::size_t kLength = 71;  // of an observation

class Requests final : public env::Chance {
 public:
  explicit Requests(std::vector<std::uint32_t> ranks) : ranks_(std::move(ranks)) {}
  std::uint32_t choose(int, int goal, std::uint32_t) override {
    return ranks_.at(static_cast<std::size_t>(goal));
  }
  bool happens(int, int, double) override { return false; }
  double uniform(int, int) override { return 0; }
  void shuffle(int, std::span<int>) override {}

 private:
  std::vector<std::uint32_t> ranks_;
};

template <class Numbers>
std::string flat(const Numbers& numbers) {
  std::string out;
  for (const auto x : numbers) {
    const auto tenths = std::to_string(static_cast<int>(x * 10));
    out += (out.empty() ? "" : ",") + tenths + "e-1";
  }
  return "[" + out + "]";
}

template <class Numbers>
std::string rows(const Numbers& numbers, std::size_t width) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size(); i += width) {
    const std::vector<double> row(numbers.begin() + static_cast<std::ptrdiff_t>(i),
                                  numbers.begin() + static_cast<std::ptrdiff_t>(i + width));
    out += (out.empty() ? "" : ",") + flat(row);
  }
  return "[" + out + "]";
}

// What every line ends with.
std::string moment(const env::Env& env) {
  const env::Snapshot s = env.snapshot();
  std::vector<float> obs(2 * kLength), state(2 * kLength);
  std::vector<std::uint8_t> avail(10);
  env.observe(obs, state, avail);
  return R"("s":{"step":)" + flat(s[0].second) + R"(,"inactive":)" + flat(s[1].second) +
         R"(,"agents":)" + rows(s[2].second, 5) + R"(,"shelves":)" + rows(s[3].second, 2) +
         R"(,"queue":)" + flat(s[4].second) + R"(},"obs":)" + rows(obs, kLength) + R"(,"state":)" +
         flat(state) + R"(,"avail":)" + rows(avail, 5) + "}\n";
}

// Shelf 7, requested, is on the left goal and shelf 2 on the right; the robots stay. The requests are
// drawn by `ranks` and recorded as `listed`.
env::TraceReport check(const std::string& type, const std::vector<std::uint32_t>& ranks,
                       const std::string& listed) {
  std::string ours = type;
  for (char& c : ours) c = c == '_' ? c : static_cast<char>(c - 'A' + 'a');
  const auto env = env::family("rware").make({{"reward_type", {ours, "test"}}});
  Requests none({0, 0});
  env->reset(none);
  env::Snapshot s = env->snapshot();
  s[2].second = {4, 10, 0, 7, 0, 5, 10, 0, 2, 0};
  s[3].second[12] = 4;
  s[3].second[13] = s[3].second[3] = 10;
  s[3].second[2] = 5;
  s[4].second = {9, 7};
  env->restore(s);

  const test::TempFolder folder;
  const std::string path = (folder / "t.jsonl").string();
  std::ofstream file(path);
  file
      << R"({"k":"header","env":"rware","n_agents":2,"n_actions":5,"obs":71,"state":142,"config":{)"
      << R"("column_height":8,"shelf_rows":1,"shelf_columns":3,"n_agents":2,"msg_bits":0,)"
      << R"("sensor_range":1,"request_queue_size":2,"max_inactivity_steps":null,"max_steps":500,)"
      << R"("reward_type":")" << type << R"(","goals":[[4,10],[5,10]]}})"
      << "\n"
      << R"({"k":"reset",)" << moment(*env);
  Requests chance(ranks);
  env->step(std::vector<env::Action>{0, 0}, chance);
  file << R"({"k":"step","a":[0,0],"r":)" << flat(env->agent_rewards())
       << R"(,"term":0,"trunc":0,"u":{"moved":[0,0],"new_requests":)" << listed << "},"
       << moment(*env);
  file.close();
  return env::check_trace(path);
}

// Not requested are 1-6, 8, 10-32; after the left delivery of 7, with 2 requested: 1, 3-8, 10-32.
TEST(RwareTraceTest, TheLeftGoalMayRequestTheShelfOnTheRightWhichIsThenDeliveredToo) {
  for (const char* type : {"INDIVIDUAL", "GLOBAL", "TWO_STAGE"}) {
    for (const char* listed : {"[[1,2],[1,3]]", "[[1,3]]"}) {
      const env::TraceReport report = check(type, {1, 1}, listed);
      EXPECT_TRUE(report.ok()) << type << listed << test::describe(report);
      EXPECT_EQ(report.n_steps, 1);
    }
  }
}

TEST(RwareTraceTest, AShelfOnTheRightThatIsNotRequestedIsNotDelivered) {
  for (const char* type : {"INDIVIDUAL", "GLOBAL", "TWO_STAGE"}) {
    const env::TraceReport report = check(type, {2, 0}, "[[1,3]]");
    EXPECT_TRUE(report.ok()) << type << test::describe(report);
  }
}

TEST(RwareTraceTest, AnotherRequestIsFound) {
  EXPECT_FALSE(check("INDIVIDUAL", {2, 0}, "[[1,4]]").ok());
  EXPECT_FALSE(check("INDIVIDUAL", {2, 0}, "[]").ok());
}

class RwareHeader : public test::MutatedTrace {
 protected:
  RwareHeader() : test::MutatedTrace("rware-tiny-5ag-image_dict.jsonl.gz") {}
};

TEST_F(RwareHeader, SaysWhatAgentsSee) {
  EXPECT_TRUE(env::check_trace(write()).ok());
  replace(1, "image_observation_directional", "true", "false");
  EXPECT_FALSE(env::check_trace(write()).ok());
  replace(1, "observation_type", "IMAGE_DICT", "IMAGE");
  EXPECT_EQ(refusal(), ":1: obs = 131: expected 125 for this config");
}

TEST_F(RwareHeader, ArgumentsThatWeDoNotHaveAreBadInput) {
  replace(1, "config", "\"n_agents\"", "\"layout\":\"x.g\",\"n_agents\"");
  EXPECT_EQ(refusal(), ":1: config.layout: expected null, as this environment has it");
}

TEST(LbfHeaderTest, ASightOfZeroIsBadInput) {
  class Trace : public test::MutatedTrace {
   public:
    Trace() : test::MutatedTrace("lbf-10x10-3p-3f.jsonl.gz") {}
    void TestBody() override {}
    std::string refused() {
      replace(1, "config", "\"sight\": 10", "\"sight\": 0");
      return refusal();
    }
  };
  EXPECT_EQ(Trace().refused(), ":1: config.sight: expected an integer from 1");
}

}  // namespace
}  // namespace qtot
