#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "qtot/cluster/stall_report.h"
#include "qtot/cluster/transport.h"

/// The messages of a simulated cluster: sent, under way, arrived, taken. Knows no threads.
namespace qtot::cluster {

class Mail {
 public:
  explicit Mail(int n_ranks);

  /// Copies `bytes`. An eager message is done for its sender at once, another when it is taken.
  void send(int from, Channel channel, int to, std::span<const std::byte> bytes, bool is_eager);

  /// What goes wrong with sizes is the returned sentence, the fault of `rank`; it is empty if nothing does.
  std::string receive(int rank, Channel channel, int from, std::span<std::byte> bytes);

  /// A line is the way of (from, to, channel). Those with a message under way, in an order that depends on
  /// the calls alone.
  const std::vector<int>& lines_under_way() const { return under_way_; }
  int n_lines() const { return static_cast<int>(lines_.size()); }
  int receiver_of(int line) const { return line / kNChannels % n_ranks_; }

  /// The eldest message of the line arrives. Returns the fault of the receiver, or nothing.
  std::string deliver(int line);

  bool is_done(int rank, Channel channel) const { return box(rank, channel).n_open == 0; }
  bool has_posts(int rank, Channel channel) const;
  std::vector<Pending> pending(int rank, Channel channel) const;

  /// Hands the received bytes over and forgets what was posted. is_done() must hold. Returns the fault of
  /// the rank if it changed the memory of a message before, or nothing.
  std::string complete(int rank, Channel channel);

  std::uint64_t n_overtakings() const { return n_overtakings_; }
  std::uint64_t n_unreceived() const { return n_sent_ - n_taken_; }

 private:
  struct Message {
    std::vector<std::byte> bytes;
    std::uint64_t number = 0;  // in the order of sending
    bool is_eager = false;
    bool is_taken = false;
  };
  struct Send {
    int to = 0;
    std::span<const std::byte> bytes;
    std::shared_ptr<const Message> message;
  };
  struct Receive {
    int from = 0;
    std::span<std::byte> bytes;
    std::shared_ptr<const Message> message;  // null until one is there
  };
  struct Box {  // what one rank posted on one channel since its last finish
    std::vector<Send> sends;
    std::vector<Receive> receives;
    std::size_t n_open =
        0;  // receives without a message, and sends that are neither eager nor taken
  };
  struct Line {
    std::deque<std::shared_ptr<Message>> under_way;
    std::deque<std::shared_ptr<Message>> arrived;
    std::deque<std::size_t> posted;  // receives without a message, by their place in the box
  };

  int line_of(int from, int to, Channel channel) const;
  Box& box(int rank, Channel channel);
  const Box& box(int rank, Channel channel) const;
  std::string match(int line);
  bool overtakes(int line) const;

  int n_ranks_;
  std::vector<std::array<Box, kNChannels>> boxes_;  // [rank][channel]
  std::vector<Line> lines_;                         // [from][to][channel]
  std::vector<int> under_way_;
  std::uint64_t n_sent_ = 0;
  std::uint64_t n_taken_ = 0;
  std::uint64_t n_overtakings_ = 0;
};

}  // namespace qtot::cluster
