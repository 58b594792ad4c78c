#include "cluster/courier.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <utility>

#include "qtot/base/error.h"

namespace qtot::cluster {
namespace {

constexpr double kPatience = 5;  // seconds for the courier to end the job
}  // namespace

Courier::Courier(double stall_timeout)
    : stall_timeout_(stall_timeout), stall_(stall_timeout), thread_([this] { run(); }) {
  std::unique_lock lock(mutex_);
  try {
    wait_until(lock, [this] { return is_open_; });
  } catch (...) {
    lock.unlock();
    thread_.join();
    throw;
  }
}

Courier::~Courier() {
  std::unique_lock lock(mutex_);
  const bool fails = failure_ || std::uncaught_exceptions() > n_exceptions_;
  order_ = fails ? Order::kLeave : Order::kFinalise;
  failure_ = nullptr;
  awaited_.reset();
  for_courier_.notify_one();
  try {
    wait_until(lock, [this] { return is_over_; });
  } catch (const std::exception& failure) {  // of the very end: whatever the run was for is done
    std::cerr << "qtot: " << failure.what() << "\n";
    for_courier_.notify_one();
  }
  lock.unlock();
  thread_.join();
}

void Courier::post(std::span<const Operation> operations) {
  const std::lock_guard lock(mutex_);
  for (const Operation& operation : operations) {
    posted_.push_back(operation);
    ++n_open_.at(static_cast<std::size_t>(operation.channel));
  }
  for_courier_.notify_one();
}

void Courier::finish(Channel channel) {
  std::unique_lock lock(mutex_);
  const std::size_t& n_open = n_open_.at(static_cast<std::size_t>(channel));
  if (n_open == 0 && !failure_) return;
  awaited_ = channel;
  for_courier_.notify_one();
  wait_until(lock, [&] { return n_open == 0; });
  awaited_.reset();
}

void Courier::stands_at(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  progress_ = progress;
}

void Courier::abort_job(int exit_code) {
  std::cout.flush();
  std::unique_lock lock(mutex_);
  order_ = Order::kAbort;
  exit_code_ = exit_code;
  for_courier_.notify_one();
  const Deadline patience(kPatience);
  while (!patience.has_passed()) wait_for(for_trainer_, lock, patience.seconds_left());
  end_at_once(exit_code);
}

// Throws what went wrong. The courier watches the messages; here it is watched itself, as a call of MPI
// may never return.
template <class Done>
void Courier::wait_until(std::unique_lock<std::mutex>& lock, Done&& is_done) {
  const Deadline whole(stall_timeout_ > 0 ? stall_timeout_ + kPatience : 0);
  Deadline stuck = whole;
  bool is_suspected = false;  // a process that was halted for long gets time to go on
  std::uint64_t seen = n_looks_;
  while (!is_done()) {
    if (failure_) std::rethrow_exception(failure_);
    if (is_aborting_) {
      const Deadline patience(kPatience);
      while (!patience.has_passed()) wait_for(for_trainer_, lock, patience.seconds_left());
      end_at_once(exit_code_);
    }
    wait_for(for_trainer_, lock, stuck.seconds_left());
    if (std::exchange(seen, n_looks_) != n_looks_) {
      stuck = whole;
      stuck.restart();
      is_suspected = false;
    } else if (stuck.has_passed() && !std::exchange(is_suspected, true)) {
      stuck = Deadline(kPatience);
    } else if (stuck.has_passed()) {
      std::cerr << "qtot: " + stall_report(rank_, n_ranks_, progress_, {}) +
                       ", and MPI itself stood still; this rank ends at once\n";
      end_at_once(static_cast<int>(ExitCode::kStopped));
    }
  }
  if (failure_) std::rethrow_exception(failure_);
}

// Without destructors and handlers: they might wait for MPI, too.
void Courier::end_at_once(int exit_code) {
  std::cout.flush();
  std::_Exit(exit_code);
}

}  // namespace qtot::cluster
