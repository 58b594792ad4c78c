#include "qtot/sweep/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "qtot/sweep/run_jobs.h"
#include "support/temp_folder.h"

namespace qtot::sweep {
namespace {

using test::TempFolder;

std::string letter(std::initializer_list<std::string> words) {
  std::string text;
  for (const std::string& word : words) text += word + '\0';
  return text;
}

std::string word(const std::string& text, int number) {
  std::size_t begin = 0;
  for (int i = 0; i < number; ++i) begin = text.find('\0', begin) + 1;
  return text.substr(begin, text.find('\0', begin) - begin);
}

// Ranks 1 and up that do not exist: what they are asked for ends when rank 0 looks into its post.
class FakeRanks : public Post {
 public:
  explicit FakeRanks(int n_ranks) : n_runs(static_cast<std::size_t>(n_ranks)), n_(n_ranks) {}

  int n_ranks() const override { return n_; }
  void send(int to, const std::string& text) override {
    if (word(text, 0) == "stop") ++n_stops;
    if (word(text, 0) == "leave") ++n_leaves;
    if (word(text, 0) != "run") return;
    ++n_runs[static_cast<std::size_t>(to)];
    letters.push_back({.from = to, .text = letter({"ended", word(text, 1), exit_code, "0"})});
  }
  std::optional<Letter> take() override {
    if (letters.empty()) return std::nullopt;
    Letter next = letters.front();
    letters.pop_front();
    return next;
  }

  std::deque<Letter> letters;
  std::vector<std::size_t> n_runs;  // [n_ranks]
  std::string exit_code = "0";
  int n_stops = 0, n_leaves = 0;

 private:
  int n_;
};

void ignore(std::size_t, const JobResult&, const JobCounts&) {}

// Looks at every moment at which rank 0 has handed out what it can.
class WatchedWorkers : public RankWorkers {
 public:
  using RankWorkers::RankWorkers;

  void start(std::size_t id, const Command& command) override {
    ++n_started;
    RankWorkers::start(id, command);
  }
  Happening wait() override {
    if (n_started < kRuns) {
      EXPECT_EQ(n_free(), 0U);
    }
    return RankWorkers::wait();
  }

  static constexpr std::size_t kRuns = 30;
  std::size_t n_started = 0;
};

TEST(RankWorkersTest, NoRankIdlesWhileRunsAreLeft) {
  const TempFolder temp;
  const Command job{.program = "/bin/true", .arguments = {"true"}, .log = temp / "log.txt"};
  for (const std::size_t n_each : {1U, 2U}) {
    FakeRanks post(4);
    {
      Children children;
      WatchedWorkers workers(post, children, n_each);
      std::size_t most = 0;
      const JobReport report =
          run_jobs(std::vector<Command>(WatchedWorkers::kRuns, job), workers,
                   [&](std::size_t, const JobResult&, const JobCounts& counts) {
                     most = std::max(most, counts.running);
                   });
      EXPECT_EQ(most, 4 * n_each);
      for (const JobResult& result : report.results) {
        EXPECT_EQ(result.outcome, Outcome::kFinished);
      }
    }
    for (std::size_t rank = 1; rank < 4; ++rank) EXPECT_GE(post.n_runs[rank], n_each);
    EXPECT_EQ(post.n_leaves, 3);
    EXPECT_EQ(post.n_stops, 0);
  }
}

TEST(RankWorkersTest, ARankThatWasToldToStopStopsAll) {
  const TempFolder temp;
  FakeRanks post(3);
  post.exit_code = "75";
  post.letters.push_back({.from = 2, .text = letter({"stop"})});
  Children children;
  RankWorkers workers(post, children, 1);
  // rank 0's own waits for the signal
  const Command job{.program = "/bin/sh",
                    .arguments = {"sh", "-c", "while :; do :; done"},
                    .log = temp / "log.txt"};
  const JobReport report = run_jobs(std::vector<Command>(10, job), workers, &ignore);
  EXPECT_TRUE(report.was_stopped);
  EXPECT_EQ(post.n_stops, 2);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(report.results[i].outcome, i < 3 ? Outcome::kStopped : Outcome::kWaiting);
  }
}

// Rank 0 asks for a run, and for nothing more once it has ended.
class FakeRankZero : public Post {
 public:
  explicit FakeRankZero(std::string run) {
    letters_.push_back({.from = 0, .text = std::move(run)});
  }

  int n_ranks() const override { return 2; }
  void send(int, const std::string& text) override {
    answers.push_back(text);
    letters_.push_back({.from = 0, .text = letter({"leave"})});
  }
  std::optional<Letter> take() override {
    if (letters_.empty()) return std::nullopt;
    Letter next = letters_.front();
    letters_.pop_front();
    return next;
  }

  std::vector<std::string> answers;

 private:
  std::deque<Letter> letters_;
};

TEST(WorkForRankZeroTest, ARunIsDoneAsAskedForAndItsEndIsTold) {
  const TempFolder temp;
  FakeRankZero post(
      letter({"run", "17", "/bin/sh", temp / "log.txt", "", "sh", "-c", "exit $1", "", "41"}));
  Children children;
  work_for_rank_0(post, children);
  EXPECT_THAT(post.answers, testing::ElementsAre(letter({"ended", "17", "41", "0"})));
}

}  // namespace
}  // namespace qtot::sweep
