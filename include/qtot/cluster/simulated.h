#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/base/fingerprint.h"
#include "qtot/base/function_ref.h"
#include "qtot/cluster/transport.h"

/// A cluster in one process, to try what no cluster shows on demand: ranks are threads, of which one runs
/// at a time, and a seed decides what happens next. A rank halts at every send, receive and finish. Then
/// one event is drawn, over and over, until it is a rank's turn: a rank goes on, or the eldest message of
/// some (from, to, channel) arrives. Some ranks and some ways are slow for a while, so that messages
/// are late by any number of events. Of each message it is drawn, too, whether its sender is done with it at
/// once (as MPI does with small ones) or when the receiver takes it (as it does with large ones).
///
/// The memory of messages is watched: a posted receive holds bytes 0xff (floats: NaN) until finish, and
/// bytes that change before finish, sent or received, are an Error, as is a rank that returns without a
/// finish.
namespace qtot::cluster {

struct Schedule {
  std::uint64_t seed = 0;
  int stopped_rank = -1;  // this rank leaves by an Error from a transport call; -1: none does
  std::uint64_t stop_after = 0;  // after that many events
  bool hangs = false;            // its peers wait in silence; or it dies, and its peers end
};

/// How a rank ended. All but kDone with a sentence, and with the exit code of its Error.
struct RankEnd {
  enum class How {
    kDone,     // rank_main returned
    kStopped,  // by the schedule
    kStalled,  // it waited, and nothing was to happen any more: the sentence is a stall_report
    kFailed,   // by an Error (or another exception) of its own, a message of a wrong size included
    kAborted,  // because another rank failed or died
  };
  How how = How::kDone;
  ExitCode exit_code = ExitCode::kDone;
  std::string sentence;
};

struct Outcome {
  std::vector<RankEnd> ends;   // by rank
  std::uint64_t n_events = 0;  // arrivals, and turns of ranks
  std::uint64_t n_overtakings =
      0;  // arrivals before an elder message of that pair, on another channel
  std::uint64_t n_unreceived = 0;  // messages that nobody took
  Fingerprint trace;               // of the events

  bool all_done() const;
};

inline constexpr int kMaxSimulatedRanks = 64;

/// Runs `rank_main` once for each rank, each in a thread of its own, and returns when all have ended. The
/// events depend on the schedule and on what the ranks do, on nothing else. An Error of one rank ends
/// the others at their next call. Throws Error only where threads cannot be had.
Outcome run_simulated(int n_ranks, const Schedule& schedule,
                      FunctionRef<void(Transport&)> rank_main);

}  // namespace qtot::cluster
