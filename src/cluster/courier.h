#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "cluster/mpi_world.h"
#include "qtot/base/deadline.h"
#include "qtot/cluster/stall_report.h"
#include "qtot/cluster/transport.h"

namespace qtot::cluster {

/// The thread that owns MPI, and what it shares with the one that trains. The functions of the first part
/// belong to the latter.
class Courier {
 public:
  explicit Courier(double stall_timeout);  // returns when MPI is there
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;
  /// Finalises MPI unless an exception is under way.
  ~Courier();

  int rank() const { return rank_; }
  int n_ranks() const { return n_ranks_; }
  void post(std::span<const Operation> operations);
  void finish(Channel channel);
  void stands_at(const Progress& progress);
  [[noreturn]] void abort_job(int exit_code);

 private:
  enum class Order { kNone, kFinalise, kLeave, kAbort };
  struct Heard {
    Channel channel = Channel::kControl;
    Progress when;
    Deadline since{0};
  };

  // ---- by the thread that trains
  template <class Done>
  void wait_until(std::unique_lock<std::mutex>& lock, Done&& is_done);
  [[noreturn]] void end_at_once(int exit_code);

  // ---- by the thread that owns MPI
  void run();
  void open(const MpiWorld& world);
  void serve(MpiWorld& world);
  void carry(MpiWorld& world);
  void finalise(MpiWorld& world);
  void note_done(std::span<const Operation> done, std::unique_lock<std::mutex>& lock);
  bool is_awaited() const;
  bool has_stalled(bool some_got_done);
  void say_where_this_rank_stands() const;
  void rest(bool some_are_ongoing, std::unique_lock<std::mutex>& lock);
  void report_and_abort(MpiWorld& world, std::unique_lock<std::mutex>& lock);
  void end(MpiWorld& world, int exit_code, std::unique_lock<std::mutex>& lock);
  std::string report(std::span<const Operation> ongoing) const;
  void fail(std::exception_ptr failure);

  const double stall_timeout_;

  std::mutex mutex_;  // of all that follows
  std::condition_variable for_courier_;
  std::condition_variable for_trainer_;
  bool is_open_ = false;
  bool is_over_ = false;
  int rank_ = 0;  // as they are since is_open_
  int n_ranks_ = 1;
  std::vector<Operation> posted_;
  std::array<std::size_t, kNChannels> n_open_{};  // operations posted and not done
  std::optional<Channel> awaited_;                // what finish() waits for
  Order order_ = Order::kNone;
  int exit_code_ = 0;
  bool is_aborting_ = false;
  std::exception_ptr failure_;
  std::uint64_t n_looks_ = 0;  // of the courier: while they grow it is no victim of MPI
  Progress progress_;

  // ---- of the courier alone
  std::vector<std::optional<Heard>> heard_;  // per rank
  Deadline stall_;                           // since something got done, or a wait began
  Deadline since_look_{0};
  bool was_awaited_ = false;
  int n_idle_ = 0;  // polls since something happened

  const int n_exceptions_ = std::uncaught_exceptions();
  std::thread thread_;  // the last member: it uses all others
};

}  // namespace qtot::cluster
