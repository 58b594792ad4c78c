// What the courier itself does: it carries messages until it gets an order, and watches their progress.

#include <algorithm>
#include <iostream>
#include <sstream>
#include <utility>

#include "cluster/courier.h"
#include "qtot/base/error.h"

namespace qtot::cluster {
namespace {

// While somebody waits: so many polls at once one after another (0.1 to 0.3 ms), other threads first; then
// with naps, which cost little and delay a message by as much. While nobody waits, they grow with the time
// that nothing came. A new message or wait cuts them short. Fewer eager polls gain nothing: with 50 a small
// message between two ranks on a busy machine of two cores took 120 us instead of 70, and no run of 2 or 8
// ranks was faster.
constexpr int kEagerPolls = 400;
constexpr int kManyPolls = 1000;  // as good as any more
constexpr double kNapOfWait = 250e-6;
constexpr double kShortNap = 50e-6;
constexpr double kLongestNap = 1e-3;
constexpr double kNapOfIdle = 20e-3;  // with no message on its way, but the end may come

constexpr double kHalt = 2;  // seconds between two looks
constexpr double kGrace =
    2;  // seconds for other ranks, whose deadlines pass at about the same time
constexpr std::size_t kMaxHeard = 16;  // lines of a report

std::string seconds_text(double seconds) {
  std::ostringstream text;
  text.precision(3);
  text << seconds << " s";
  return text.str();
}

}  // namespace

void Courier::run() {
  try {
    MpiWorld world;
    open(world);
    serve(world);
  } catch (...) {
    fail(std::current_exception());
  }
  const std::lock_guard lock(mutex_);
  is_over_ = true;
  for_trainer_.notify_all();
}

void Courier::open(const MpiWorld& world) {
  const std::lock_guard lock(mutex_);
  heard_.resize(static_cast<std::size_t>(world.n_ranks()));
  rank_ = world.rank();
  n_ranks_ = world.n_ranks();
  is_open_ = true;
  for_trainer_.notify_all();
}

// After a failure nothing travels any more: MPI must not touch buffers that are on their way out.
void Courier::serve(MpiWorld& world) {
  try {
    carry(world);
  } catch (...) {
    fail(std::current_exception());
  }
  std::unique_lock lock(mutex_);
  while (order_ == Order::kNone) for_courier_.wait(lock);
  const Order order = order_;
  const int exit_code = exit_code_;
  lock.unlock();
  if (order == Order::kFinalise) finalise(world);
  if (order == Order::kAbort) world.end_job(exit_code);
}

// Another rank may end the job until all have come.
void Courier::finalise(MpiWorld& world) {
  std::unique_lock lock(mutex_);
  while (!world.all_have_come()) {
    if (const std::optional<int> told = world.told_to_end()) return end(world, *told, lock);
    wait_for(for_courier_, lock, kLongestNap);
  }
  lock.unlock();
  world.finalise();
}

void Courier::fail(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
  for_trainer_.notify_all();
}

void Courier::carry(MpiWorld& world) {
  std::vector<Operation> starting;
  std::unique_lock lock(mutex_);
  while (order_ == Order::kNone) {
    starting.clear();
    starting.swap(posted_);
    ++n_looks_;
    lock.unlock();
    for (const Operation& operation : starting) world.start(operation);
    const std::vector<Operation>& done = world.poll();
    const std::optional<int> told = world.told_to_end();
    lock.lock();
    if (told) {
      if (*told == static_cast<int>(ExitCode::kStopped)) say_where_this_rank_stands();
      return end(world, *told, lock);
    }
    note_done(done, lock);
    if (!done.empty() || !starting.empty()) n_idle_ = 0;
    if (has_stalled(!done.empty())) return report_and_abort(world, lock);
    rest(!world.is_idle(), lock);
  }
}

void Courier::note_done(std::span<const Operation> done, std::unique_lock<std::mutex>& lock) {
  if (done.empty()) return;
  for (const Operation& operation : done) {
    --n_open_.at(static_cast<std::size_t>(operation.channel));
    if (!operation.is_receive) continue;
    heard_.at(static_cast<std::size_t>(operation.peer)) =
        Heard{.channel = operation.channel, .when = progress_, .since = Deadline(0)};
  }
  if (is_awaited()) return;
  lock.unlock();  // so that whoever wakes finds it free
  for_trainer_.notify_all();
  lock.lock();
}

bool Courier::is_awaited() const {
  return awaited_ && n_open_.at(static_cast<std::size_t>(*awaited_)) > 0;
}

bool Courier::has_stalled(bool some_got_done) {
  const bool was_awaited = std::exchange(was_awaited_, is_awaited());
  if (!was_awaited_) return false;
  if (!was_awaited) since_look_.restart();
  if (!was_awaited) n_idle_ = 0;
  // nobody looks for so long but who was halted, as all ranks may have been: by Slurm, or with the machine
  const bool was_halted = since_look_.seconds_gone() > kHalt;
  since_look_.restart();
  if (!was_awaited || some_got_done || was_halted) stall_.restart();
  return stall_.has_passed();
}

// Another rank waited in vain, this one did not: it may be the one that was waited for.
void Courier::say_where_this_rank_stands() const {
  std::cerr << "qtot: " + stall_report(rank_, n_ranks_, progress_, {}) + "\n" << std::flush;
}

void Courier::rest(bool some_are_ongoing, std::unique_lock<std::mutex>& lock) {
  if (order_ != Order::kNone || !posted_.empty()) return;
  if (!some_are_ongoing) {
    wait_for(for_courier_, lock, kNapOfIdle);
    return;
  }
  n_idle_ = std::min(n_idle_ + 1, kManyPolls);
  if (!was_awaited_) {
    wait_for(for_courier_, lock, std::min(kLongestNap, n_idle_ * kShortNap));
  } else if (n_idle_ > kEagerPolls) {
    wait_for(for_courier_, lock, kNapOfWait);
  } else {
    lock.unlock();
    yield_processor();
    lock.lock();
  }
}

void Courier::report_and_abort(MpiWorld& world, std::unique_lock<std::mutex>& lock) {
  std::cerr << report(world.ongoing()) << std::flush;  // at once: lines of ranks shall not mix
  const Deadline grace(kGrace);
  while (!grace.has_passed()) wait_for(for_courier_, lock, grace.seconds_left());
  end(world, static_cast<int>(ExitCode::kStopped), lock);
}

void Courier::end(MpiWorld& world, int exit_code, std::unique_lock<std::mutex>& lock) {
  exit_code_ = exit_code;
  is_aborting_ = true;
  for_trainer_.notify_all();
  lock.unlock();
  world.end_job(exit_code);
}

std::string Courier::report(std::span<const Operation> ongoing) const {
  std::vector<Pending> pending;
  std::vector<int> peers;
  for (const Operation& operation : ongoing) {
    if (operation.channel != awaited_) continue;
    pending.push_back({.is_receive = operation.is_receive,
                       .channel = operation.channel,
                       .peer = operation.peer,
                       .n_bytes = operation.n_bytes});
    if (std::ranges::find(peers, operation.peer) == peers.end()) peers.push_back(operation.peer);
  }
  std::ostringstream lines;
  lines << "qtot: " << stall_report(rank_, n_ranks_, progress_, pending) << ", in vain for "
        << seconds_text(stall_.seconds_gone()) << " (cluster.stall_timeout)\n";
  if (peers.size() > kMaxHeard) peers.resize(kMaxHeard);
  for (const int peer : peers) {
    lines << "qtot: rank " << rank_ << " last heard of rank " << peer << ": ";
    if (const auto& heard = heard_.at(static_cast<std::size_t>(peer))) {
      lines << seconds_text(heard->since.seconds_gone()) << " ago, " << name_of(heard->channel)
            << ", when itself at update " << heard->when.update << ", " << heard->when.phase
            << "\n";
    } else {
      lines << "never\n";
    }
  }
  return lines.str();
}

}  // namespace qtot::cluster
