#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bench/clock.h"
#include "qtot/cluster/transport.h"

namespace qtot::bench {

/// What a rank waits for, and what it is sent.
struct ChannelTime {
  double waited = 0;          // seconds, wall clock, inside of finish()
  std::uint64_t n_bytes = 0;  // received
  std::uint64_t n_messages = 0;
};

/// Another transport, and a clock beside it.
class TimedTransport final : public cluster::Transport {
 public:
  explicit TimedTransport(cluster::Transport& transport) : transport_(transport) {}

  int rank() const override { return transport_.rank(); }
  int n_ranks() const override { return transport_.n_ranks(); }
  void send(cluster::Channel channel, int to, std::span<const std::byte> bytes) override {
    transport_.send(channel, to, bytes);
  }
  void receive(cluster::Channel channel, int from, std::span<std::byte> bytes) override {
    at(channel).n_bytes += bytes.size();
    ++at(channel).n_messages;
    transport_.receive(channel, from, bytes);
  }
  void finish(cluster::Channel channel) override {
    const double start = wall_seconds();
    transport_.finish(channel);
    at(channel).waited += wall_seconds() - start;
  }
  void stands_at(const cluster::Progress& progress) override { transport_.stands_at(progress); }

  const ChannelTime& of(cluster::Channel channel) const {
    return times_[static_cast<std::size_t>(channel)];
  }
  void restart() { times_ = {}; }

 private:
  ChannelTime& at(cluster::Channel channel) { return times_[static_cast<std::size_t>(channel)]; }

  cluster::Transport& transport_;
  std::array<ChannelTime, cluster::kNChannels> times_{};
};

}  // namespace qtot::bench
