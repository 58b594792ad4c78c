#include "qtot/cluster/stall_report.h"

#include <algorithm>

namespace qtot::cluster {
namespace {

constexpr std::size_t kMaxNamed = 4;  // a sentence, not a table

std::string bytes_on(Channel channel, std::size_t n_bytes) {
  return std::to_string(n_bytes) + " bytes of " + std::string(name_of(channel));
}

std::string name_of_rank(int rank) {
  return "rank " + std::to_string(rank);
}

std::string name_of_rank(int rank, int n_ranks) {
  return name_of_rank(rank) + " of " + std::to_string(n_ranks);
}

std::string phrase(const Pending& message) {
  const std::string bytes = bytes_on(message.channel, message.n_bytes);
  return message.is_receive ? bytes + " from " + name_of_rank(message.peer)
                            : name_of_rank(message.peer) + " to take " + bytes;
}

}  // namespace

std::string stall_report(int rank, int n_ranks, const Progress& progress,
                         std::span<const Pending> pending) {
  std::string report = name_of_rank(rank, n_ranks) + " stood at update " +
                       std::to_string(progress.update) + ", " + progress.phase + ": waited for ";
  if (pending.empty()) return report + "no message";
  const std::size_t n_named = std::min(pending.size(), kMaxNamed);
  for (std::size_t i = 0; i < n_named; ++i) {
    report += (i == 0 ? "" : ", for ") + phrase(pending[i]);
  }
  if (pending.size() > n_named) {
    report += ", and for " + std::to_string(pending.size() - n_named) + " more";
  }
  return report;
}

std::string mismatch_report(int rank, int n_ranks, const Pending& expected, std::size_t n_bytes) {
  return name_of_rank(rank, n_ranks) + " expected " + phrase(expected) + ", which sent " +
         std::to_string(n_bytes);
}

}  // namespace qtot::cluster
