#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "qtot/sweep/launcher.h"
#include "qtot/sweep/workers.h"

/// A sweep as one job of many ranks. Rank 0 hands runs out one by one, to whoever is free; every rank, rank
/// 0 too, trains them in children of its own. What travels is who does what and how it ended. A rank whose
/// launcher dies stops its children, which save, and ends with exit code 75: no orphan goes on for hours.
namespace qtot::sweep {

/// The way between rank 0 and the others.
class Post {
 public:
  struct Letter {
    int from = 0;
    std::string text;
  };

  virtual ~Post() = default;
  virtual int n_ranks() const = 0;
  /// Letters from one rank to another arrive in the order in which they were sent.
  virtual void send(int to, const std::string& text) = 0;
  /// The next letter, if there is one; waits for none.
  virtual std::optional<Letter> take() = 0;
};

/// Rank 0's view of all ranks, `n_each` children at once on each.
class RankWorkers : public Workers {
 public:
  RankWorkers(Post& post, Children& children, std::size_t n_each);
  /// Sends SIGTERM to all that still run and waits for them; then work_for_rank_0() returns everywhere.
  ~RankWorkers() override;
  RankWorkers(const RankWorkers&) = delete;
  RankWorkers& operator=(const RankWorkers&) = delete;

  std::size_t n_free() const override;
  void start(std::size_t id, const Command& command) override;
  Happening wait() override;
  void terminate() override;

 private:
  void read(const Post::Letter& letter, Happening& happening);
  bool is_idle() const;

  Post& post_;
  Children& children_;
  Parent launcher_;
  std::size_t n_each_;
  std::vector<std::size_t> n_running_;  // [n_ranks]
};

/// What every other rank does: it trains what rank 0 asks for, until rank 0 needs it no more.
void work_for_rank_0(Post& post, Children& children);

}  // namespace qtot::sweep
