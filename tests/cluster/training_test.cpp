// Runs of many ranks over the simulated cluster: whatever the number of ranks and the order in which
// their messages arrive, the bits are those of a run of one process.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "qtot/cluster/ranks.h"
#include "qtot/cluster/simulated.h"
#include "qtot/env/env.h"
#include "qtot/train/trainer.h"

namespace qtot::cluster {
namespace {

config::Value value(std::int64_t x) {
  return {x, "test"};
}

struct Setting {
  std::string mixer = "qmix";
  std::string env = "stag_hunt";
  int pipeline = 0;
  int batch_size_run = 4;
  int batch_size = 8;
  bool by_priority = false;  // with several updates a round
};

config::TrainingConfig config_of(const Setting& setting) {
  config::TrainingConfig config;
  config.mixer = setting.mixer;
  config.env = setting.env;
  if (setting.env == "stag_hunt") {
    config.env_args = {{"n_agents", value(3)},
                       {"n_stags", value(2)},
                       {"n_hare", value(1)},
                       {"world_shape", {config::List{value(5), value(5)}, "test"}},
                       {"episode_limit", value(12)}};
  } else if (setting.env == "combat") {
    config.env_args = {{"map_name", {std::string("3m"), "test"}}};
  }
  config.t_max = 1 << 20;
  config.pipeline = setting.pipeline;
  config.batch_size_run = setting.batch_size_run;
  config.batch_size = setting.batch_size;
  config.buffer_size = 18;
  config.rnn_hidden_dim = 24;  // of more parameters than one rank adds up
  config.mixing_embed_dim = 8;
  config.hypernet_embed = 8;
  config.target_update_interval = 20;
  config.epsilon_anneal_time = 1000;
  config.standardise_rewards = "padded_running";
  config.use_per = setting.by_priority;
  config.n_updates_per_round = setting.by_priority ? 3 : 1;
  return config;
}

std::unique_ptr<env::Env> make_env(const config::TrainingConfig& config) {
  return env::family(config.env).make(config.env_args);
}

// A trainer and all that it borrows; one thread.
struct Rank {
  Rank(const config::TrainingConfig& config, Transport* transport)
      : player(make_env(config)), spec(make_env(config)->spec()) {
    if (transport != nullptr) crew.emplace(*transport);
    trainer.emplace(config, spec, player, executor, crew ? &*crew : nullptr);
  }

  void run_to_update(std::int64_t update) {
    while (trainer->update() < update) trainer->run_round();
  }

  train::SerialRoundPlayer player;
  core::DecPomdpSpec spec;
  SerialExecutor executor;
  std::optional<Ranks> crew;
  std::optional<train::Trainer> trainer;
};

// What is compared: all training bits, by name.
using Parts = std::vector<std::pair<std::string, Fingerprint>>;

Parts alone(const Setting& setting, std::int64_t n_updates) {
  Rank rank(config_of(setting), nullptr);
  rank.run_to_update(n_updates);
  return rank.trainer->digest().parts;
}

struct Trained {
  Outcome outcome;
  std::vector<Parts> parts;  // by rank
};

Trained together(const Setting& setting, int n_ranks, const Schedule& schedule,
                 std::int64_t n_updates) {
  Trained result;
  result.parts.resize(static_cast<std::size_t>(n_ranks));
  const config::TrainingConfig config = config_of(setting);
  result.outcome = run_simulated(n_ranks, schedule, [&](Transport& transport) {
    Rank rank(config, &transport);
    rank.run_to_update(n_updates);
    result.parts[static_cast<std::size_t>(transport.rank())] = rank.trainer->digest().parts;
    rank.crew->settle();
  });
  return result;
}

void expect_all(const Trained& trained, const Parts& expected, const std::string& what) {
  for (const RankEnd& end : trained.outcome.ends) EXPECT_EQ(end.sentence, "") << what;
  EXPECT_EQ(trained.outcome.n_unreceived, 0U) << what;
  for (const Parts& parts : trained.parts) EXPECT_EQ(parts, expected) << what;
}

TEST(TrainingOnRanks, HasTheBitsOfOneProcessForEveryNumberOfRanks) {
  for (const char* mixer : {"qmix", "vdn", "iql"}) {
    for (const char* env : {"stag_hunt", "two_step"}) {
      for (const int pipeline : {0, 1}) {
        const Setting setting = {.mixer = mixer, .env = env, .pipeline = pipeline};
        const Parts expected = alone(setting, 12);
        for (const int n_ranks : {1, 2, 3, 4, 5, 7, 8, 11}) {
          const std::string what = std::string(mixer) + " " + env + " " + std::to_string(n_ranks);
          expect_all(together(setting, n_ranks, {.seed = 1}, 12), expected, what);
        }
      }
    }
  }
}

// An episode may come twice in a batch; the next batch is known only after the update, and the next
// updates learn from the same episodes.
TEST(TrainingOnRanks, HasTheBitsOfOneProcessWithPrioritiesAndSeveralUpdatesARound) {
  for (const int pipeline : {0, 1}) {
    const Setting setting = {.pipeline = pipeline, .by_priority = true};
    const Parts expected = alone(setting, 12);
    for (const int n_ranks : {1, 2, 3, 5, 8}) {
      expect_all(together(setting, n_ranks, {.seed = 4}, 12), expected, std::to_string(n_ranks));
    }
  }
}

TEST(TrainingOnRanks, SendsTheNextBatchAheadAlsoBetweenTheUpdatesOfARound) {
  config::TrainingConfig config = config_of({.pipeline = 1});
  config.n_updates_per_round = 3;
  Rank one(config, nullptr);
  one.run_to_update(12);
  const Parts expected = one.trainer->digest().parts;
  std::vector<Parts> parts(3);
  const Outcome outcome = run_simulated(3, {.seed = 6}, [&](Transport& transport) {
    Rank rank(config, &transport);
    rank.run_to_update(12);
    parts[static_cast<std::size_t>(transport.rank())] = rank.trainer->digest().parts;
    rank.crew->settle();
  });
  EXPECT_EQ(outcome.n_unreceived, 0U);
  for (const Parts& found : parts) EXPECT_EQ(found, expected);
}

// More ranks than episodes of a round or of a batch; batches that no power of two divides.
TEST(TrainingOnRanks, NeedsNoEpisodeForEveryRank) {
  for (const int batch_size_run : {1, 3}) {
    for (const int batch_size : {1, 5, 13}) {
      const Setting setting = {.batch_size_run = batch_size_run, .batch_size = batch_size};
      const Parts expected = alone(setting, 9);
      for (const int n_ranks : {2, 6, 16}) {
        expect_all(together(setting, n_ranks, {.seed = 2}, 9), expected, std::to_string(n_ranks));
      }
    }
  }
}

TEST(TrainingOnRanks, HasTheSameBitsUnder500Schedules) {
  const Setting setting = {.pipeline = 1};
  const Parts expected = alone(setting, 5);
  std::set<Fingerprint> traces;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const int n_ranks = 2 + static_cast<int>(seed % 3);
    const Trained trained = together(setting, n_ranks, {.seed = seed}, 5);
    expect_all(trained, expected, "schedule " + std::to_string(seed));
    traces.insert(trained.outcome.trace);
  }
  EXPECT_EQ(traces.size(), 500U);
}

TEST(TrainingOnRanks, AScheduleIsReproducedByItsSeed) {
  const Setting setting;
  const Outcome first = together(setting, 3, {.seed = 77}, 3).outcome;
  const Outcome again = together(setting, 3, {.seed = 77}, 3).outcome;
  EXPECT_EQ(first.trace, again.trace);
  EXPECT_EQ(first.n_events, again.n_events);
  EXPECT_GT(first.n_overtakings, 0U);
}

// What a first rank saves, as a file would carry it: without a borrowed episode.
checkpoint::State owned(const checkpoint::State& state) {
  checkpoint::State copy = state;
  for (checkpoint::StoredEpisode& stored : copy.episodes) {
    stored.episode = std::make_shared<core::Episode>(*stored.episode);
  }
  return copy;
}

struct Saved {
  checkpoint::State state;
  Outcome outcome;
};

// Goes on from `from`, if there is one, and saves after each update until `n_updates`.
Saved go_on(const Setting& setting, const std::optional<checkpoint::State>& from, int n_ranks,
            const Schedule& schedule, std::int64_t n_updates) {
  Saved saved;
  if (from) saved.state = *from;
  const config::TrainingConfig config = config_of(setting);
  saved.outcome = run_simulated(n_ranks, schedule, [&](Transport& transport) {
    Rank rank(config, &transport);
    if (from) {
      checkpoint::State state = *from;
      state.episodes = rank.crew->distribute(rank.spec, from->episodes);
      for (const checkpoint::StoredEpisode& stored : state.episodes) {
        EXPECT_EQ(stored.episode->is_outline(), !rank.crew->keeps(stored.ticket));
      }
      rank.trainer->restore(std::move(state), "test");
    }
    while (rank.trainer->update() < n_updates) {
      rank.trainer->run_round();
      const checkpoint::State state = rank.trainer->capture();
      if (rank.crew->is_first()) saved.state = owned(state);
    }
    rank.crew->settle();
  });
  return saved;
}

TEST(TrainingOnRanks, ResumesOnAnyNumberOfRanks) {
  for (const int pipeline : {0, 1}) {
    const Setting setting = {.pipeline = pipeline};
    const Parts expected = alone(setting, 10);
    for (const int before : {1, 2, 3, 4}) {
      const Saved half = go_on(setting, std::nullopt, before, {.seed = 3}, 5);
      for (const int after : {1, 2, 3, 4}) {
        const Saved whole = go_on(setting, half.state, after, {.seed = 4}, 10);
        EXPECT_TRUE(whole.outcome.all_done());
        EXPECT_EQ(checkpoint::digest(whole.state).parts, expected) << before << " " << after;
      }
    }
  }
}

// A rank that dies or falls silent at any moment ends the job, and what was saved last goes on.
TEST(TrainingOnRanks, LosesNothingSavedWhenARankStops) {
  const Setting setting = {.pipeline = 1};
  const Parts expected = alone(setting, 8);
  int n_stopped = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const int n_ranks = 2 + static_cast<int>(seed % 3);
    std::optional<checkpoint::State> saved;
    const Schedule schedule = {.seed = seed,
                               .stopped_rank = static_cast<int>(seed) % n_ranks,
                               .stop_after = 10 + 12 * seed,
                               .hangs = seed % 2 == 0};
    const Saved broken = go_on(setting, std::nullopt, n_ranks, schedule, 8);
    if (!broken.outcome.all_done()) ++n_stopped;
    if (!broken.state.tensors.empty()) saved = broken.state;
    const Saved whole = go_on(setting, saved, 1 + static_cast<int>(seed % 4), {.seed = seed}, 8);
    EXPECT_EQ(checkpoint::digest(whole.state).parts, expected) << seed;
  }
  EXPECT_GT(n_stopped, 50);
}

TEST(TrainingOnRanks, ADifferenceOfBitsNamesRankUpdateAndTensor) {
  const Setting setting;
  const config::TrainingConfig config = config_of(setting);
  const Outcome outcome = run_simulated(3, {.seed = 5}, [&](Transport& transport) {
    Rank rank(config, &transport);
    rank.run_to_update(4);
    checkpoint::Digest digest = rank.trainer->digest();
    rank.crew->require_same(digest, 4);
    if (transport.rank() == 2) digest.parts[3].second.low ^= 1;
    rank.crew->settle();
    rank.crew->require_same(digest, 5);
  });
  int n_failed = 0;  // the first to see it ends the others
  for (const RankEnd& end : outcome.ends) {
    if (end.how != RankEnd::How::kFailed) continue;
    ++n_failed;
    EXPECT_EQ(end.exit_code, ExitCode::kFailed);
    EXPECT_TRUE(end.sentence.starts_with("rank 2 differs from the others after update 5 in agent."))
        << end.sentence;
  }
  EXPECT_GE(n_failed, 1);
}

}  // namespace
}  // namespace qtot::cluster
