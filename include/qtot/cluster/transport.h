#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// Ranks are processes that train one run together. What they send each other is arrays of known size, from
/// one rank to one other: nothing here adds, so nothing here can round.
namespace qtot::cluster {

/// What a message is about. Messages from one rank to another on one channel arrive in the order in which
/// they were sent; across channels, and across ranks, in any order.
enum class Channel : int {
  kControl,    // configuration, checkpoints, fingerprints
  kOutlines,   // what every rank knows of every episode
  kEpisodes,   // whole episodes, to the rank that learns from them
  kGradients,  // sums of subtrees, and the gradient
};
inline constexpr int kNChannels = 4;
std::string_view name_of(Channel channel);

/// Where a rank stands: for the sentence that explains a stall.
struct Progress {
  const char* phase = "starting";  // a literal
  std::int64_t update = 0;
};

/// The way between the ranks, as one rank sees it. Used by one thread of the rank.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual int rank() const = 0;  // 0 .. n_ranks() - 1
  virtual int n_ranks() const = 0;

  /// Both return at once. Until finish(channel) has returned, `bytes` must stay as they are (send) or
  /// untouched (receive). `to` and `from` are other ranks. A message of another size than the receiver
  /// expects is an Error that names both ranks and sizes. Empty messages travel, too.
  virtual void send(Channel channel, int to, std::span<const std::byte> bytes) = 0;
  virtual void receive(Channel channel, int from, std::span<std::byte> bytes) = 0;

  /// Waits until everything that was posted on `channel` is done.
  virtual void finish(Channel channel) = 0;

  /// Notes where this rank stands. Costs nothing worth mentioning.
  virtual void stands_at(const Progress& progress) = 0;
};

/// Bytes of an array of plain numbers.
template <class T>
std::span<const std::byte> bytes_of(std::span<const T> values) {
  return std::as_bytes(values);
}
template <class T>
std::span<std::byte> writable_bytes_of(std::span<T> values) {
  return std::as_writable_bytes(values);
}

}  // namespace qtot::cluster
