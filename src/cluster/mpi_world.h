#pragma once

#include <mpi.h>

#include <array>
#include <boost/mpi/environment.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "cluster/launched.h"
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
///
/// A message is looked at (MPI_Improbe) before it is received: where a large one is longer than its
/// receive, Open MPI 4.1 hangs (over TCP, after a readv beyond the buffer) or lets the sender crash (in
/// shared memory).
class MpiWorld {
 public:
  MpiWorld();   // collective
  ~MpiWorld();  // does not finalise: finalise(), or leave it open
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  int rank() const { return rank_; }
  int n_ranks() const { return n_ranks_; }

  void start(const Operation& operation);
  /// Lets MPI make progress. What got done since the last call.
  const std::vector<Operation>& poll();
  /// What has started and is not done.
  std::vector<Operation> ongoing() const;
  bool is_idle() const { return requests_.empty() && n_awaited_ == 0; }

  bool all_have_come();  // to their end, where each asks for it until it is so
  void finalise();       // collective
  /// The exit code, once another rank ends the job: then this one calls end_job(), too.
  std::optional<int> told_to_end();
  /// Ends the process and those of all other ranks, in order if they answer.
  [[noreturn]] void end_job(int exit_code);

 private:
  struct Arrived {
    MPI_Message message = MPI_MESSAGE_NULL;
    std::size_t n_bytes = 0;
  };
  // One channel from one peer: at most one of the two has entries.
  struct Queue {
    std::deque<Operation> awaited;  // receives whose message has not come
    std::deque<Arrived> arrived;    // messages that nobody has asked for
  };
  struct Line {
    MPI_Comm communicator = MPI_COMM_NULL;  // its own: no channel waits for another
    std::vector<Queue> queues;              // per peer
    int n_awaited = 0;                      // over all of them
  };

  Line& line_of(const Operation& operation) {
    return lines_.at(static_cast<std::size_t>(operation.channel));
  }
  void start_send(const Operation& operation);
  void start_receive(const Operation& operation, Arrived arrived);
  void look_for_messages(Line& line);
  void collect_done();
  void tell_to_end(int rank);
  std::optional<int> agree_to_end(int exit_code);

  std::unique_ptr<boost::mpi::environment> environment_;
  int rank_ = 0;
  int n_ranks_ = 1;
  std::array<Line, kNChannels> lines_;
  int n_awaited_ = 0;  // over all lines
  MPI_Comm ending_ = MPI_COMM_NULL;
  MPI_Request all_come_ = MPI_REQUEST_NULL;
  std::size_t n_told_to_end_ = 0;
  const bool is_of_mpirun_ = is_of_mpirun();
  int ending_code_ = 0;  // on its way

  std::vector<Operation> operations_;
  std::vector<MPI_Request> requests_;  // of the operation of the same index
  std::vector<int> done_indices_;
  std::vector<MPI_Status> statuses_;
  std::vector<Operation> done_;
};

}  // namespace qtot::cluster
