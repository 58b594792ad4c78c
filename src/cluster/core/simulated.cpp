#include "qtot/cluster/simulated.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "cluster/core/event_draws.h"
#include "cluster/core/mail.h"
#include "qtot/base/check.h"

namespace qtot::cluster {
namespace {

constexpr int kNobody = -1;

using How = RankEnd::How;

// The baton: who holds it runs, and alone touches what is not of its own rank. Each rank has a lock of its
// own, so that giver and taker do not meet at one.
class Baton {
 public:
  explicit Baton(int n_ranks) : turns_(static_cast<std::size_t>(n_ranks)) {}

  void give_to(int rank) { tell(turns_[static_cast<std::size_t>(rank)], News::kRun); }

  /// False when the ranks are not to run at all.
  bool wait_as(int rank) {
    Turn& mine = turns_[static_cast<std::size_t>(rank)];
    std::unique_lock lock(mine.mutex);
    mine.has_news.wait(lock, [&] { return mine.news != News::kNone; });
    return std::exchange(mine.news, News::kNone) == News::kRun;
  }

  void withdraw() {
    for (Turn& turn : turns_) tell(turn, News::kLeave);
  }

 private:
  enum class News { kNone, kRun, kLeave };
  struct Turn {
    std::mutex mutex;
    std::condition_variable has_news;
    News news = News::kNone;
  };

  static void tell(Turn& turn, News news) {
    {
      const std::lock_guard lock(turn.mutex);
      turn.news = news;
    }
    turn.has_news.notify_one();
  }

  std::deque<Turn> turns_;  // by rank
};

struct RankState {
  Progress progress;
  bool waits = false;  // in a finish of
  Channel channel = Channel::kControl;
  bool has_ended = false;
  bool was_told = false;  // its fault was thrown at it
  RankEnd end;            // its fault, if there is one, and in the end how it ended
  bool has_fault() const { return end.how != How::kDone; }
};

class Simulation {
 public:
  Simulation(int n_ranks, const Schedule& schedule)
      : n_ranks_(n_ranks),
        schedule_(schedule),
        mail_(n_ranks),
        draws_(schedule.seed, mail_.n_lines() + n_ranks),
        baton_(n_ranks),
        ranks_(static_cast<std::size_t>(n_ranks)) {}

  Outcome run(FunctionRef<void(Transport&)> rank_main);

  // what a rank calls, as the holder of the baton
  int n_ranks() const { return n_ranks_; }
  void send(int rank, Channel channel, int to, std::span<const std::byte> bytes);
  void receive(int rank, Channel channel, int from, std::span<std::byte> bytes);
  void finish(int rank, Channel channel);
  void stands_at(int rank, const Progress& progress) { state(rank).progress = progress; }

 private:
  RankState& state(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }

  void live(int rank, FunctionRef<void(Transport&)> rank_main);
  void halt(int rank);
  int next_rank(int runner);
  void list_choices();
  bool can_go_on(int rank);
  void stop_the_one_to_stop();
  bool stall();
  void set_fault(int rank, How how, const std::string& sentence, ExitCode exit_code);
  void tell_fault(int rank);
  void abort_others(int rank);
  void end(int rank);
  void end_by_exception(int rank, const std::string& sentence, ExitCode exit_code);

  const int n_ranks_;
  const Schedule schedule_;
  Mail mail_;
  EventDraws draws_;
  Baton baton_;
  std::vector<RankState> ranks_;
  std::vector<int> choices_;  // lines with a message under way, and n_lines + ranks that can go on
  std::uint64_t n_events_ = 0;
  FingerprintHasher trace_;
};

// The cluster as one rank sees it.
class SimulatedTransport final : public Transport {
 public:
  SimulatedTransport(Simulation& simulation, int rank) : simulation_(simulation), rank_(rank) {}

  int rank() const override { return rank_; }
  int n_ranks() const override { return simulation_.n_ranks(); }
  void send(Channel channel, int to, std::span<const std::byte> bytes) override {
    simulation_.send(rank_, channel, to, bytes);
  }
  void receive(Channel channel, int from, std::span<std::byte> bytes) override {
    simulation_.receive(rank_, channel, from, bytes);
  }
  void finish(Channel channel) override { simulation_.finish(rank_, channel); }
  void stands_at(const Progress& progress) override { simulation_.stands_at(rank_, progress); }

 private:
  Simulation& simulation_;
  int rank_;
};

Outcome Simulation::run(FunctionRef<void(Transport&)> rank_main) {
  std::vector<std::jthread> threads;
  try {
    for (int rank = 0; rank < n_ranks_; ++rank) {
      threads.emplace_back([this, rank, rank_main] { live(rank, rank_main); });
    }
  } catch (const std::system_error& error) {
    baton_.withdraw();
    throw Error("cannot start " + std::to_string(n_ranks_) + " threads: " + error.what(),
                ExitCode::kFailed);
  }
  baton_.give_to(next_rank(kNobody));
  for (std::jthread& thread : threads) thread.join();

  Outcome outcome;
  for (const RankState& rank : ranks_) outcome.ends.push_back(rank.end);
  outcome.n_events = n_events_;
  outcome.n_overtakings = mail_.n_overtakings();
  outcome.n_unreceived = mail_.n_unreceived();
  outcome.trace = trace_.finish();
  return outcome;
}

// One rank from its first turn to its end.
void Simulation::live(int rank, FunctionRef<void(Transport&)> rank_main) {
  if (!baton_.wait_as(rank)) return;
  SimulatedTransport transport(*this, rank);
  try {
    rank_main(transport);
    end(rank);
  } catch (const Error& error) {
    end_by_exception(rank, error.what(), error.exit_code());
  } catch (const std::exception& error) {
    end_by_exception(rank, error.what(), ExitCode::kFailed);
  } catch (...) {
    end_by_exception(rank, "an exception that is no std::exception", ExitCode::kFailed);
  }
  const int next = next_rank(kNobody);
  if (next != kNobody) baton_.give_to(next);
}

void Simulation::send(int rank, Channel channel, int to, std::span<const std::byte> bytes) {
  QTOT_CHECK(0 <= to && to < n_ranks_ && to != rank);
  halt(rank);
  mail_.send(rank, channel, to, bytes, draws_.coin());
}

void Simulation::receive(int rank, Channel channel, int from, std::span<std::byte> bytes) {
  QTOT_CHECK(0 <= from && from < n_ranks_ && from != rank);
  halt(rank);
  const std::string fault = mail_.receive(rank, channel, from, bytes);
  if (!fault.empty()) throw Error(fault);
}

void Simulation::finish(int rank, Channel channel) {
  RankState& mine = state(rank);
  mine.waits = true;
  mine.channel = channel;
  halt(rank);
  mine.waits = false;
  const std::string fault = mail_.complete(rank, channel);
  if (!fault.empty()) throw Error(fault, ExitCode::kFailed);
}

// Lets events happen until it is the rank's turn again.
void Simulation::halt(int rank) {
  const int next = next_rank(rank);
  if (next != rank) {
    baton_.give_to(next);
    baton_.wait_as(rank);
  }
  tell_fault(rank);
}

// Draws events up to the turn of a rank, `runner` or another; nobody's when all have ended.
int Simulation::next_rank(int runner) {
  const int favoured = runner == kNobody ? kNobody : mail_.n_lines() + runner;
  while (true) {
    stop_the_one_to_stop();
    list_choices();
    if (choices_.empty()) {
      if (!stall()) return kNobody;
      continue;
    }
    const int choice = draws_.choose(choices_, favoured);
    ++n_events_;
    trace_.add(static_cast<std::uint64_t>(choice));
    const int rank = choice - mail_.n_lines();
    if (rank >= 0) return rank;
    const std::string fault = mail_.deliver(choice);
    if (!fault.empty()) {
      set_fault(mail_.receiver_of(choice), How::kFailed, fault, ExitCode::kBadInput);
    }
  }
}

void Simulation::list_choices() {
  choices_ = mail_.lines_under_way();
  for (int rank = 0; rank < n_ranks_; ++rank) {
    if (can_go_on(rank)) choices_.push_back(mail_.n_lines() + rank);
  }
}

bool Simulation::can_go_on(int rank) {
  const RankState& it = state(rank);
  if (it.has_ended) return false;
  return !it.waits || it.has_fault() || mail_.is_done(rank, it.channel);
}

void Simulation::stop_the_one_to_stop() {
  const int rank = schedule_.stopped_rank;
  if (rank < 0 || n_events_ < schedule_.stop_after || state(rank).has_ended) return;
  set_fault(rank, How::kStopped, "rank " + std::to_string(rank) + " was stopped by the schedule",
            ExitCode::kStopped);
}

// Nothing can happen any more: whoever waits is told so. False when nobody does.
bool Simulation::stall() {
  bool is_someone_waiting = false;
  for (int rank = 0; rank < n_ranks_; ++rank) {
    const RankState& it = state(rank);
    if (it.has_ended) continue;
    is_someone_waiting = true;
    const std::vector<Pending> pending = mail_.pending(rank, it.channel);
    set_fault(rank, How::kStalled, stall_report(rank, n_ranks_, it.progress, pending),
              ExitCode::kStopped);
  }
  return is_someone_waiting;
}

// The first fault of a rank stays.
void Simulation::set_fault(int rank, How how, const std::string& sentence, ExitCode exit_code) {
  RankState& it = state(rank);
  if (it.has_ended || it.has_fault()) return;
  it.end = {.how = how, .exit_code = exit_code, .sentence = sentence};
}

// At every call, should it be caught.
void Simulation::tell_fault(int rank) {
  RankState& mine = state(rank);
  if (!mine.has_fault()) return;
  mine.was_told = true;
  throw Error(mine.end.sentence, mine.end.exit_code);
}

void Simulation::abort_others(int rank) {
  const std::string because = " stopped because rank " + std::to_string(rank) + " is gone";
  for (int other = 0; other < n_ranks_; ++other) {
    set_fault(other, How::kAborted, "rank " + std::to_string(other) + because, ExitCode::kStopped);
  }
}

void Simulation::end(int rank) {
  RankState& mine = state(rank);
  if (mine.was_told) return end_by_exception(rank, mine.end.sentence, mine.end.exit_code);
  for (int i = 0; i < kNChannels; ++i) {
    const auto channel = static_cast<Channel>(i);
    if (!mail_.has_posts(rank, channel)) continue;
    const std::string name(name_of(channel));
    return end_by_exception(rank,
                            "rank " + std::to_string(rank) + " ended without finishing " + name,
                            ExitCode::kFailed);
  }
  mine.end = {};  // a fault that came too late
  mine.has_ended = true;
}

void Simulation::end_by_exception(int rank, const std::string& sentence, ExitCode exit_code) {
  RankState& mine = state(rank);
  if (!mine.was_told) {
    mine.end = {.how = How::kFailed, .exit_code = exit_code, .sentence = sentence};
  }
  mine.has_ended = true;
  const bool is_silent = mine.end.how == How::kStopped && schedule_.hangs;
  if (!is_silent) abort_others(rank);
}

}  // namespace

bool Outcome::all_done() const {
  return std::ranges::all_of(ends, [](const RankEnd& end) { return end.how == How::kDone; });
}

Outcome run_simulated(int n_ranks, const Schedule& schedule,
                      FunctionRef<void(Transport&)> rank_main) {
  QTOT_CHECK(1 <= n_ranks && n_ranks <= kMaxSimulatedRanks);
  QTOT_CHECK_LT(schedule.stopped_rank, n_ranks);
  return Simulation(n_ranks, schedule).run(rank_main);
}

}  // namespace qtot::cluster
