#pragma once

#include <cstddef>
#include <memory>

#include "qtot/cluster/transport.h"

/// Ranks that a launcher started, mpirun or srun, over MPI: docs/cluster.md.
///
/// All of MPI, from its start to its end, belongs to one thread of its own, which is what
/// MPI_THREAD_FUNNELED asks for. The thread that trains hands it messages and goes on computing; messages
/// make progress meanwhile.
namespace qtot::cluster {

struct MpiOptions {
  /// A rank that waits for so many seconds while none of its messages gets done says on stderr where it
  /// stands, and ends the job with exit code 75. 0: it waits for ever.
  double stall_timeout = 600;
  /// Larger messages travel in pieces, as MPI counts in int. The same on all ranks.
  std::size_t piece_bytes = std::size_t{1} << 30;
};

class MpiTransport : public Transport {
 public:
  /// Ends the processes of all ranks; the launcher returns `exit_code`. For what ends one rank alone: the
  /// others would wait for it. Say why first.
  [[noreturn]] virtual void abort_job(int exit_code) = 0;
};

/// Joins the other ranks, all of which must call this; once a process. All must be the same version of
/// qtot, and of one byte order and float format; a difference is an Error on every rank.
///
/// The end of the transport waits for the end of all others' and finalises MPI. While an exception is
/// under way it does not: then, too, the launcher ends the job when the process ends (Open MPI: any
/// process that ends without finalising), but abort_job() is sure.
///
/// Failures of MPI, and messages of another size than expected, are Errors out of finish(); after one
/// nothing travels any more.
std::unique_ptr<MpiTransport> connect(const MpiOptions& options);

}  // namespace qtot::cluster
