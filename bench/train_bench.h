#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/statistics.h"
#include "qtot/cluster/transport.h"
#include "qtot/config/training_config.h"
#include "qtot/core/dec_pomdp_spec.h"

/// Training end to end, and where its time goes.
namespace qtot::bench {

struct TrainBenchOptions {
  int n_threads = 1;
  int n_rounds = 30;                        // timed ones, after the ring holds a batch and two more
  bool tells_episodes = false;              // reports show lengths and batches
  cluster::Transport* transport = nullptr;  // to the ranks that train with this one
};

/// What this rank waited for, of one kind of message.
struct RankWait {
  std::string channel;
  double waiting = 0;       // of the wall clock
  double mb_per_round = 0;  // received, 1e6 bytes
  double messages_per_round = 0;
};

struct TrainReport {
  std::string env;
  TrainBenchOptions options;
  std::string isa = {};
  int batch_size = 0;
  int batch_size_run = 0;
  int pipeline = 0;
  core::DecPomdpSpec spec = {};
  std::size_t n_params = 0;
  Spread round_seconds = {};    // wall clock: batch_size_run episodes and an update
  double steps_per_second = 0;  // environment steps of training, wall clock

  // Shares of the threads' time, threads x wall clock; they add up to 1.
  double acting = 0;       // inputs, agent network, choice of the action
  double environment = 0;  // reset, step, observe
  double learning = 0;     // update and sampling: CPU time
  double waiting = 0;      // what is left: no work, or other programs on the cores

  double learning_of_wall = 0;    // wall clock inside of learning, of all
  double busy_in_learning = 0;    // CPU time inside of learning, of threads x its wall clock
  double busy_in_collecting = 0;  // the same while episodes are waited for

  int n_ranks = 1;                   // the figures above are rank 0's, steps_per_second is of all
  std::vector<RankWait> ranks = {};  // by channel; what hides behind computing is not waited for

  // For models of what travels (tools/cluster_model).
  std::vector<int> lengths = {};                        // steps, by ticket
  std::vector<std::vector<core::Ticket>> batches = {};  // of the timed updates, and of the next
};

/// Runs the trainer that `qtot train` runs, without evaluation, log and files.
TrainReport bench_train(config::TrainingConfig config, const TrainBenchOptions& options);

std::string to_text(const TrainReport& report);

}  // namespace qtot::bench
