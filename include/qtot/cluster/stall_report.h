#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "qtot/cluster/transport.h"

/// The sentences about messages that went wrong: the same words whatever carries the messages.
namespace qtot::cluster {

/// A message that a rank posted and that is not done.
struct Pending {
  bool is_receive = false;
  Channel channel = Channel::kControl;
  int peer = 0;
  std::size_t n_bytes = 0;
};

/// Where a rank stood when nothing went on, and for what it waited; more than four messages are counted:
///   rank 2 of 4 stood at update 131, gradients: waited for 400 bytes of gradients from rank 1, for
///   rank 3 to take 16 bytes of control
/// Without a message: "... : waited for no message".
std::string stall_report(int rank, int n_ranks, const Progress& progress,
                         std::span<const Pending> pending);

/// `rank` expected what `expected` says (a receive), and its peer sent another number of bytes:
///   rank 2 of 4 expected 400 bytes of gradients from rank 1, which sent 404
std::string mismatch_report(int rank, int n_ranks, const Pending& expected, std::size_t n_bytes);

}  // namespace qtot::cluster
