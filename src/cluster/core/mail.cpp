#include "cluster/core/mail.h"

#include <algorithm>
#include <cstring>

#include "qtot/base/check.h"

namespace qtot::cluster {
namespace {

constexpr std::byte kUnset{0xff};  // a float of it is NaN

std::size_t place(int i) {
  return static_cast<std::size_t>(i);
}

std::size_t place(Channel channel) {
  return place(static_cast<int>(channel));
}

bool are_equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// The first byte is, and each is as the one before.
bool is_unset(std::span<const std::byte> bytes) {
  if (bytes.empty()) return true;
  const std::size_t n_rest = bytes.size() - 1;
  return bytes.front() == kUnset && are_equal(bytes.first(n_rest), bytes.last(n_rest));
}

std::string touched(int rank, const char* what, Channel channel, const char* preposition,
                    int peer) {
  return "rank " + std::to_string(rank) + " touched the memory of " + what + " of " +
         std::string(name_of(channel)) + " " + preposition + " rank " + std::to_string(peer) +
         " before its finish";
}

}  // namespace

Mail::Mail(int n_ranks)
    : n_ranks_(n_ranks),
      boxes_(place(n_ranks)),
      lines_(place(n_ranks) * place(n_ranks) * place(kNChannels)) {}

int Mail::line_of(int from, int to, Channel channel) const {
  return (from * n_ranks_ + to) * kNChannels + static_cast<int>(channel);
}

Mail::Box& Mail::box(int rank, Channel channel) {
  return boxes_[place(rank)][place(channel)];
}

const Mail::Box& Mail::box(int rank, Channel channel) const {
  return boxes_[place(rank)][place(channel)];
}

void Mail::send(int from, Channel channel, int to, std::span<const std::byte> bytes,
                bool is_eager) {
  const auto message = std::make_shared<Message>();
  message->bytes.assign(bytes.begin(), bytes.end());
  message->number = n_sent_++;
  message->is_eager = is_eager;
  Box& mine = box(from, channel);
  mine.sends.push_back({.to = to, .bytes = bytes, .message = message});
  if (!is_eager) ++mine.n_open;
  const int line = line_of(from, to, channel);
  Line& way = lines_[place(line)];
  if (way.under_way.empty()) under_way_.push_back(line);
  way.under_way.push_back(message);
}

std::string Mail::receive(int rank, Channel channel, int from, std::span<std::byte> bytes) {
  std::ranges::fill(bytes, kUnset);
  Box& mine = box(rank, channel);
  const int line = line_of(from, rank, channel);
  lines_[place(line)].posted.push_back(mine.receives.size());
  mine.receives.push_back({.from = from, .bytes = bytes, .message = nullptr});
  ++mine.n_open;
  return match(line);
}

std::string Mail::deliver(int line) {
  Line& way = lines_[place(line)];
  QTOT_CHECK(!way.under_way.empty());
  if (overtakes(line)) ++n_overtakings_;
  way.arrived.push_back(std::move(way.under_way.front()));
  way.under_way.pop_front();
  if (way.under_way.empty()) std::erase(under_way_, line);
  return match(line);
}

// An elder message of the same pair is under way on another channel.
bool Mail::overtakes(int line) const {
  const std::uint64_t number = lines_[place(line)].under_way.front()->number;
  const int first = line / kNChannels * kNChannels;
  for (int other = first; other < first + kNChannels; ++other) {
    const Line& way = lines_[place(other)];
    if (!way.under_way.empty() && way.under_way.front()->number < number) return true;
  }
  return false;
}

// The eldest arrived message meets the eldest posted receive, if both are there.
std::string Mail::match(int line) {
  Line& way = lines_[place(line)];
  if (way.arrived.empty() || way.posted.empty()) return "";
  const auto channel = static_cast<Channel>(line % kNChannels);
  const int rank = receiver_of(line);
  Box& mine = box(rank, channel);
  Receive& receive = mine.receives[way.posted.front()];
  const std::shared_ptr<Message> message = way.arrived.front();
  if (message->bytes.size() != receive.bytes.size()) {
    const Pending expected = {.is_receive = true,
                              .channel = channel,
                              .peer = receive.from,
                              .n_bytes = receive.bytes.size()};
    return mismatch_report(rank, n_ranks_, expected, message->bytes.size());
  }
  receive.message = message;
  message->is_taken = true;
  ++n_taken_;
  --mine.n_open;
  if (!message->is_eager) --box(receive.from, channel).n_open;
  way.arrived.pop_front();
  way.posted.pop_front();
  return "";
}

bool Mail::has_posts(int rank, Channel channel) const {
  const Box& mine = box(rank, channel);
  return !mine.sends.empty() || !mine.receives.empty();
}

std::vector<Pending> Mail::pending(int rank, Channel channel) const {
  std::vector<Pending> pending;
  for (const Receive& receive : box(rank, channel).receives) {
    if (receive.message != nullptr) continue;
    pending.push_back({.is_receive = true,
                       .channel = channel,
                       .peer = receive.from,
                       .n_bytes = receive.bytes.size()});
  }
  for (const Send& send : box(rank, channel).sends) {
    if (send.message->is_eager || send.message->is_taken) continue;
    pending.push_back(
        {.is_receive = false, .channel = channel, .peer = send.to, .n_bytes = send.bytes.size()});
  }
  return pending;
}

std::string Mail::complete(int rank, Channel channel) {
  Box& mine = box(rank, channel);
  QTOT_CHECK_EQ(mine.n_open, 0U);
  for (const Send& send : mine.sends) {
    if (!are_equal(send.bytes, send.message->bytes)) {
      return touched(rank, "a message", channel, "to", send.to);
    }
  }
  for (const Receive& receive : mine.receives) {
    if (!is_unset(receive.bytes)) {
      return touched(rank, "a message", channel, "from", receive.from);
    }
    std::ranges::copy(receive.message->bytes, receive.bytes.begin());
  }
  mine.sends.clear();
  mine.receives.clear();
  return "";
}

}  // namespace qtot::cluster
