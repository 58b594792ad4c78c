#pragma once

#include <mpi.h>

#include <array>
#include <boost/mpi/environment.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "qtot/cluster/transport.h"

namespace qtot::cluster {

/// One message, or a piece of one.
struct Operation {
  bool is_receive = false;
  Channel channel = Channel::kControl;
  int peer = 0;
  const std::byte* source = nullptr;  // of a send
  std::byte* target = nullptr;        // of a receive
  std::size_t n_bytes = 0;            // fits an int
  std::size_t offset = 0;             // of the piece in its message,
  std::size_t n_total = 0;            // which has so many bytes
};

/// Every call of MPI, all by the thread that makes this. Throws Error where MPI fails.
class MpiWorld {
 public:
  MpiWorld();   // collective
  ~MpiWorld();  // does not finalise: finalise(), or leave it open
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  int rank() const { return rank_; }
  int n_ranks() const { return n_ranks_; }

  void start(const Operation& operation);
  /// Lets MPI make progress. What got done since the last call, in the order of starting.
  const std::vector<Operation>& poll();
  const std::vector<Operation>& ongoing() const { return operations_; }

  void finalise();  // collective
  void abort_job(int exit_code);

 private:
  void check_done(const Operation& operation, const MPI_Status& status, bool has_code) const;

  std::unique_ptr<boost::mpi::environment> environment_;
  int rank_ = 0;
  int n_ranks_ = 1;
  std::array<MPI_Comm, kNChannels> channels_{};  // a communicator each: none waits for another

  std::vector<Operation> operations_;
  std::vector<MPI_Request> requests_;  // of the operation of the same index
  std::vector<int> done_indices_;
  std::vector<MPI_Status> statuses_;
  std::vector<Operation> done_;
};

}  // namespace qtot::cluster
