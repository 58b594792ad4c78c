#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "qtot/base/error.h"
#include "qtot/cluster/transport.h"
#include "qtot/math/philox.h"

/// What every Transport must keep, to be called by each of its ranks at the same time. A violation is an
/// Error. Kept by the simulated cluster and by MPI, so that what is tried in the one holds in the other.
namespace qtot::cluster::contract {

inline constexpr std::array kChannels = {Channel::kControl, Channel::kOutlines, Channel::kEpisodes,
                                         Channel::kGradients};

/// Names one message; its size and its bytes follow.
struct Label {
  std::uint64_t round = 0;
  int from = 0;
  int to = 0;
  Channel channel = Channel::kControl;
  int number = 0;  // on that channel, in that round
};

inline math::Draws draws_for(const Label& label, std::uint8_t site) {
  const auto pair = static_cast<std::uint32_t>(label.from * 256 + label.to);
  const auto place = static_cast<int>(label.channel) * 256 + label.number;
  return math::Draws({.seed = label.round,
                      .ticket = pair,
                      .step = static_cast<std::uint32_t>(place),
                      .site = site});
}

/// Empty, a few bytes, or, one in 32, more than what MPI sends at once.
inline std::size_t size_for(const Label& label) {
  constexpr std::uint32_t kFew = 300;
  constexpr std::uint32_t kMany = 100'000;
  math::Draws draws = draws_for(label, 1);
  const std::uint32_t kind = draws.below(32);
  if (kind < 4) return 0;
  return draws.below(kind == 4 ? kMany : kFew);
}

inline std::vector<std::byte> bytes_for(const Label& label, std::size_t n_bytes) {
  std::uint64_t word = draws_for(label, 2).bits64();
  std::vector<std::byte> bytes(n_bytes);
  for (std::byte& byte : bytes) {
    word =
        word * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX: cheap, and no pattern
    byte = static_cast<std::byte>(word >> 56);
  }
  return bytes;
}

inline std::string text_of(const Label& label) {
  return "message " + std::to_string(label.number) + " of " + std::string(name_of(label.channel)) +
         " from rank " + std::to_string(label.from) + " to rank " + std::to_string(label.to) +
         " in round " + std::to_string(label.round);
}

inline void expect_bytes(const Label& label, std::span<const std::byte> found) {
  if (!std::ranges::equal(found, bytes_for(label, found.size()))) {
    throw Error("other bytes arrived than were sent: " + text_of(label), ExitCode::kFailed);
  }
}

/// A message in memory that starts at an odd address, and its neighbours, which nobody may write.
class Parcel {
 public:
  explicit Parcel(const Label& label)
      : label_(label), n_bytes_(size_for(label)), memory_(n_bytes_ + 2, kGuard) {}

  void post(Transport& transport) {
    const std::span<std::byte> inside = std::span(memory_).subspan(1, n_bytes_);
    if (transport.rank() == label_.from) {
      std::ranges::copy(bytes_for(label_, n_bytes_), inside.begin());
      transport.send(label_.channel, label_.to, inside);
    } else {
      transport.receive(label_.channel, label_.from, inside);
    }
  }

  /// After its finish: what was received is right. The memory is free for anything else then.
  void check_and_clear() {
    if (memory_.front() != kGuard || memory_.back() != kGuard) {
      throw Error("bytes beside the message were written: " + text_of(label_), ExitCode::kFailed);
    }
    expect_bytes(label_, std::span<const std::byte>(memory_).subspan(1, n_bytes_));
    std::ranges::fill(memory_, kGuard);
  }

  /// Later: nothing was written after its finish.
  void check_untouched() const {
    if (!std::ranges::all_of(memory_, [](std::byte byte) { return byte == kGuard; })) {
      throw Error("bytes were written after finish: " + text_of(label_), ExitCode::kFailed);
    }
  }

 private:
  static constexpr std::byte kGuard{0x5a};

  Label label_;
  std::size_t n_bytes_;
  std::vector<std::byte> memory_;
};

/// 0 .. n - 1 in an order that depends on round, rank and site.
inline std::vector<int> order_for(std::uint64_t round, int rank, std::uint8_t site, std::size_t n) {
  std::vector<int> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = static_cast<int>(i);
  math::Draws draws = draws_for({.round = round, .from = rank}, site);
  math::shuffle(draws, order);
  return order;
}

/// Every rank sends every other up to three messages on every channel, posts sends and receives in an order
/// of its own (on each line in order), and finishes the channels in an order of its own.
inline void exchange_everything(Transport& transport, std::uint64_t round) {
  const int rank = transport.rank();
  struct Line {
    Channel channel;
    std::vector<Parcel> parcels;
    std::size_t n_posted = 0;
  };
  std::vector<Line> lines;
  std::vector<int> turns;  // a line's name as often as it has messages
  for (int peer = 0; peer < transport.n_ranks(); ++peer) {
    for (const Channel channel : kChannels) {
      for (const bool is_send : {true, false}) {
        if (peer == rank) continue;
        Label label = {.round = round,
                       .from = is_send ? rank : peer,
                       .to = is_send ? peer : rank,
                       .channel = channel};
        Line line = {.channel = channel, .parcels = {}};
        const int n_messages = static_cast<int>(draws_for(label, 3).below(4));
        for (; label.number < n_messages; ++label.number) {
          line.parcels.emplace_back(label);
          turns.push_back(static_cast<int>(lines.size()));
        }
        lines.push_back(std::move(line));
      }
    }
  }
  for (const int turn : order_for(round, rank, 4, turns.size())) {
    Line& line = lines[static_cast<std::size_t>(turns[static_cast<std::size_t>(turn)])];
    line.parcels[line.n_posted++].post(transport);
  }
  for (const int i : order_for(round, rank, 5, kChannels.size())) {
    const Channel channel = kChannels[static_cast<std::size_t>(i)];
    transport.finish(channel);
    for (Line& line : lines) {
      if (line.channel != channel) continue;
      for (Parcel& parcel : line.parcels) parcel.check_and_clear();
    }
  }
  for (const Line& line : lines) {
    for (const Parcel& parcel : line.parcels) parcel.check_untouched();
  }
}

/// A number goes round the ranks on one channel while messages on another stay posted: finish waits for its
/// own channel alone.
inline void relay_beside_posted(Transport& transport, std::uint64_t round) {
  const int n_ranks = transport.n_ranks();
  const int rank = transport.rank();
  if (n_ranks == 1) return;
  const int next = (rank + 1) % n_ranks;
  const int last = (rank + n_ranks - 1) % n_ranks;
  Parcel early({.round = round, .from = last, .to = rank, .channel = Channel::kEpisodes});
  early.post(transport);  // sent to it only after the number went round

  std::uint64_t number = round;
  if (rank > 0) {
    transport.receive(Channel::kControl, last, writable_bytes_of(std::span(&number, 1)));
    transport.finish(Channel::kControl);
    ++number;
  }
  transport.send(Channel::kControl, next, bytes_of(std::span<const std::uint64_t>(&number, 1)));
  transport.finish(Channel::kControl);
  if (rank == 0) {
    transport.receive(Channel::kControl, last, writable_bytes_of(std::span(&number, 1)));
    transport.finish(Channel::kControl);
    if (number != round + static_cast<std::uint64_t>(n_ranks) - 1) {
      throw Error("a number that went round came back as " + std::to_string(number),
                  ExitCode::kFailed);
    }
  }
  Parcel late({.round = round, .from = rank, .to = next, .channel = Channel::kEpisodes});
  late.post(transport);
  transport.finish(Channel::kEpisodes);
  early.check_and_clear();
  late.check_and_clear();
}

/// Messages that were sent long before they are awaited, in their order.
inline void receive_late(Transport& transport, std::uint64_t round) {
  constexpr int kMessages = 20;
  const int rank = transport.rank();
  std::vector<Parcel> sends;
  std::vector<Parcel> receives;
  Label label = {.round = round, .channel = Channel::kOutlines};
  for (int peer = 0; peer < transport.n_ranks(); ++peer) {
    for (label.number = 0; peer != rank && label.number < kMessages; ++label.number) {
      label.from = rank;
      label.to = peer;
      sends.emplace_back(label);
      std::swap(label.from, label.to);
      receives.emplace_back(label);
    }
  }
  for (Parcel& parcel : sends) parcel.post(transport);
  transport.finish(Channel::kGradients);  // of nothing: returns
  relay_beside_posted(transport, round);
  for (Parcel& parcel : receives) parcel.post(transport);
  transport.finish(Channel::kOutlines);
  for (Parcel& parcel : sends) parcel.check_and_clear();
  for (Parcel& parcel : receives) parcel.check_and_clear();
}

/// All of it.
inline void keep_contract(Transport& transport, std::uint64_t n_rounds) {
  for (std::uint64_t round = 0; round < n_rounds; ++round) {
    transport.stands_at({.phase = "contract", .update = static_cast<std::int64_t>(round)});
    exchange_everything(transport, round);
    relay_beside_posted(transport, round);
    receive_late(transport, round);
  }
}

}  // namespace qtot::cluster::contract
