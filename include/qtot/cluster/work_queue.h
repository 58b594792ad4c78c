#pragma once

#include <memory>
#include <optional>
#include <string>

/// Short texts between the ranks of an MPI job that share out work which takes minutes: who does what.
namespace qtot::cluster {

/// Joins the MPI job and leaves it: once in a process. Signals that shall not hit MPI's own threads are
/// blocked before. Used by one thread.
class WorkQueue {
 public:
  struct Message {
    int from = 0;
    std::string text;
  };

  /// Throws Error when MPI finds no other rank, although the launcher started several.
  WorkQueue();
  /// Returns when all ranks have come here.
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  int rank() const;
  int n_ranks() const;
  /// How many of them run on this rank's machine, itself included.
  int n_ranks_here() const;

  /// Messages from one rank to another arrive in the order in which they were sent.
  void send(int to, const std::string& text);
  /// The next message that is there, from whomever; waits for none.
  std::optional<Message> take();

  /// Ends the whole job with this exit code: for a rank that cannot go on.
  [[noreturn]] void end_job(int exit_code);

 private:
  struct Mpi;
  std::unique_ptr<Mpi> mpi_;
};

}  // namespace qtot::cluster
