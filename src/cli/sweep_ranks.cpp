#include "cli/sweep_ranks.h"

#include "qtot/base/error.h"
#include "qtot/sweep/launcher.h"

#ifdef QTOT_MPI

#include <iostream>
#include <optional>

#include "qtot/cluster/work_queue.h"
#include "qtot/sweep/ranks.h"

namespace qtot::cli {
namespace {

class MpiPost : public sweep::Post {
 public:
  explicit MpiPost(cluster::WorkQueue& queue) : queue_(queue) {}

  int n_ranks() const override { return queue_.n_ranks(); }
  void send(int to, const std::string& text) override { queue_.send(to, text); }
  std::optional<Letter> take() override {
    auto message = queue_.take();
    if (!message) return std::nullopt;
    return Letter{.from = message->from, .text = std::move(message->text)};
  }

 private:
  cluster::WorkQueue& queue_;
};

class MpiRanks : public SweepRanks {
 public:
  explicit MpiRanks(unsigned n_runs_each) {
    if (queue_.rank() == 0) workers_.emplace(post_, children_, n_runs_each);
  }

  bool is_rank_0() const override { return queue_.rank() == 0; }
  unsigned n_cores_each() const override { return sweep::n_usual_threads(queue_.n_ranks_here()); }
  sweep::Workers& workers() override { return *workers_; }

  void work() override {
    try {
      sweep::work_for_rank_0(post_, children_);
    } catch (const Error& error) {
      std::cerr << "qtot: rank " << queue_.rank() << ": " << error.what() << '\n';
      queue_.end_job(static_cast<int>(error.exit_code()));
    }
  }

 private:
  sweep::Children children_;  // first: it blocks the signals that MPI's threads must not get
  cluster::WorkQueue queue_;
  MpiPost post_{queue_};
  std::optional<sweep::RankWorkers> workers_;
};

std::unique_ptr<SweepRanks> join_mpi(unsigned n_runs_each) {
  return std::make_unique<MpiRanks>(n_runs_each);
}

}  // namespace
}  // namespace qtot::cli

#else

namespace qtot::cli {
namespace {

std::unique_ptr<SweepRanks> join_mpi(unsigned) {
  throw Error(
      "qtot sweep was started as several ranks, and this qtot was built without MPI: expected "
      "one that was built with Open MPI and Boost.MPI, or one process without a launcher");
}

}  // namespace
}  // namespace qtot::cli

#endif

namespace qtot::cli {

std::unique_ptr<SweepRanks> SweepRanks::join(unsigned n_runs_each) {
  switch (sweep::launch()) {
    case sweep::Launch::kAlone:
      return nullptr;
    case sweep::Launch::kRanks:
      return join_mpi(n_runs_each);
    case sweep::Launch::kUnrelated:
      throw Error(
          "srun has started several tasks of qtot sweep that cannot find each other: expected "
          "srun --mpi=pmix, or srun --ntasks=1");
  }
  return nullptr;
}

}  // namespace qtot::cli
