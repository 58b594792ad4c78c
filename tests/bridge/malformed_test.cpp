// A thousand damaged replies: each ends the environment with an Error, or the reply was whole and is understood
// as it was meant; nothing is left behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/leaks.h"
#include "bridge/mutation.h"
#include "bridge/python_args.h"
#include "env/every_env.h"
#include "support/temp_folder.h"

namespace qtot::test {
namespace {

constexpr int kShards = 4;
constexpr std::uint64_t kMutations = 1008;  // a multiple of shards, victims and kinds of damage

// Exactly what evil_slot() says.
void expect_view(const env::Env& env, int step) {
  const View view(env);
  for (std::size_t k = 0; k < 13; ++k) {
    const float x = static_cast<float>(step) + 0.5F * static_cast<float>(k);
    ASSERT_EQ(k < 8 ? view.obs[k] : view.state[k - 8], x);
  }
  for (std::size_t u = 0; u < 6; ++u) {
    ASSERT_EQ(view.avail[u], u % 3 == 0 || step % 2 == 0 ? 1 : 0);
  }
}

// Two episodes: bytes too many show at the latest when the next reply is read.
void play(std::uint64_t mutation) {
  const auto env = bridge::python_family().make(yaml::parse_assignments(
      {"entry=evil:Env", "python=" QTOT_EVIL_HOST, "kwargs.mutation=" + std::to_string(mutation)}));
  ASSERT_EQ(env->spec(), (env::DecPomdpSpec{.n_agents = kEvilAgents,
                                            .n_actions = kEvilActions,
                                            .obs_dim = kEvilObs,
                                            .state_dim = kEvilState,
                                            .episode_limit = kEvilLimit}));
  for (std::uint64_t episode = 0; episode < 2; ++episode) {
    reset(*env, episode);
    ASSERT_NO_FATAL_FAILURE(expect_view(*env, 0));
    for (int step = 1; step <= kEvilLimit; ++step) {
      const env::StepResult result = random_step(*env, episode, step);
      ASSERT_EQ(result.reward, 0.25F * static_cast<float>(step));
      ASSERT_EQ(result.terminated, step == kEvilLimit);
      ASSERT_EQ(result.won, step == kEvilLimit);
      ASSERT_FALSE(result.truncated);
      ASSERT_EQ(env->has_ended(), step == kEvilLimit);
      ASSERT_NO_FATAL_FAILURE(expect_view(*env, step));
    }
  }
}

// Whether evil_host leaves the frame as it is.
bool is_whole(std::uint64_t mutation) {
  const Victim victim = victim_of(mutation);
  const bridge::Kind kind = victim == Victim::kSpec ? bridge::Kind::kSpec : bridge::Kind::kSlot;
  const auto sequence =
      static_cast<std::uint64_t>(victim);  // open, reset, step: one after the other
  const std::string payload =
      victim == Victim::kSpec ? evil_spec() : evil_slot(victim == Victim::kStepSlot ? 1 : 0);
  const std::string frame = bridge::frame_of(kind, sequence, bridge::bytes_of(payload));
  return mutated(mutation, frame, kind, sequence, payload) == frame;
}

class Malformed : public testing::TestWithParam<int> {};

TEST_P(Malformed, RepliesAreRefusedAndWholeOnesUnderstood) {
  play(0);  // what is allocated once is there
  const ExpectNoLeak nothing_left;
  std::uint64_t n_whole = 0;
  constexpr std::uint64_t kEach = kMutations / kShards;
  const std::uint64_t first = static_cast<std::uint64_t>(GetParam()) * kEach;
  for (std::uint64_t mutation = first; mutation < first + kEach; ++mutation) {
    SCOPED_TRACE(mutation);
    const Error error = error_of([&] { play(mutation); });
    if (is_whole(mutation)) {
      EXPECT_STREQ(error.what(), "no error");
      ++n_whole;
    } else {
      EXPECT_THAT(error.what(), testing::StartsWith("python environment \"evil:Env\" "));
      EXPECT_EQ(error.exit_code() == ExitCode::kDone, false);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(n_whole, kEach / 20);
  EXPECT_LT(n_whole, kEach / 8);
}

INSTANTIATE_TEST_SUITE_P(Shard, Malformed, testing::Range(0, kShards));

}  // namespace
}  // namespace qtot::test
