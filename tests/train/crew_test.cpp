#include "qtot/train/crew.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "qtot/base/error.h"
#include "qtot/cluster/ranks.h"
#include "qtot/cluster/simulated.h"
#include "qtot/config/training_config.h"
#include "qtot/train/run.h"

namespace qtot::train {
namespace {

namespace fs = std::filesystem;

// Finds from some update on that a rank has other bits.
class Doubting final : public cluster::Ranks {
 public:
  Doubting(cluster::Transport& transport, std::int64_t since) : Ranks(transport), since_(since) {}

  void require_same(const checkpoint::Digest& digest, std::int64_t update) override {
    if (update >= since_) throw Error("a rank differs", ExitCode::kFailed);
    Ranks::require_same(digest, update);
  }

 private:
  std::int64_t since_;
};

config::ReadConfig two_step(int save_model_interval) {
  const auto value = [](std::int64_t x) { return config::Value{x, "test"}; };
  config::Map map = {{"env", {std::string("two_step"), "test"}},
                     {"t_max", value(200)},
                     {"batch_size", value(8)},
                     {"buffer_size", value(16)},
                     {"rnn_hidden_dim", value(8)},
                     {"test_nepisode", value(2)},
                     {"save_model", {true, "test"}},
                     {"save_model_interval", value(save_model_interval)}};
  return config::read_training_config(std::move(map));
}

struct Folder {
  Folder() : path(fs::path(testing::TempDir()) / "qtot_crew_test") { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

// A checkpoint of bits that the ranks do not agree on would be gone on from, and nobody would see it again.
TEST(RunWithACrew, WritesNoCheckpointThatTheRanksHaveNotCompared) {
  constexpr std::int64_t kSince = 40;
  const Folder folder;
  std::ostringstream progress;
  const cluster::Outcome outcome =
      cluster::run_simulated(1, {}, [&](cluster::Transport& transport) {
        Doubting crew(transport, kSince);
        RunRequest request;
        request.config = two_step(10);
        request.folder = folder.path;
        request.progress = &progress;
        request.crew = &crew;
        run(request);
      });
  EXPECT_EQ(outcome.ends[0].sentence, "a rank differs");
  ASSERT_TRUE(fs::exists(folder.path / "checkpoints"));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.path / "checkpoints")) {
    const std::string name = entry.path().filename().string();
    // two steps a round, and 8 rounds before the first update
    EXPECT_LT(std::stoi(name.substr(0, 12)), 2 * (kSince + 8)) << name;
  }
}

TEST(Crew, EveryTicketIsInThePartOfOneRank) {
  class Other final : public cluster::Transport {
   public:
    Other(int rank, int n_ranks) : rank_(rank), n_ranks_(n_ranks) {}
    int rank() const override { return rank_; }
    int n_ranks() const override { return n_ranks_; }
    void send(cluster::Channel, int, std::span<const std::byte>) override {}
    void receive(cluster::Channel, int, std::span<std::byte>) override {}
    void finish(cluster::Channel) override {}
    void stands_at(const cluster::Progress&) override {}

   private:
    int rank_, n_ranks_;
  };
  for (int n_ranks = 1; n_ranks <= 7; ++n_ranks) {
    for (core::Ticket first = 0; first < 12; ++first) {
      for (std::size_t count = 0; count <= 9; ++count) {
        std::vector<int> n_played(count, 0);
        for (int rank = 0; rank < n_ranks; ++rank) {
          Other transport(rank, n_ranks);
          const cluster::Ranks crew(transport);
          rollout::Round whole;
          whole.first = first;
          whole.count = count;
          const rollout::Round part = crew.part_of(whole);
          for (std::size_t i = 0; i < part.count; ++i) {
            ASSERT_TRUE(part.ticket(i) >= first && part.ticket(i) < first + count);
            EXPECT_TRUE(crew.keeps(part.ticket(i)));
            ++n_played[part.ticket(i) - first];
          }
        }
        for (const int n : n_played) EXPECT_EQ(n, 1);
      }
    }
  }
}

}  // namespace
}  // namespace qtot::train
