// What one rank does under mpirun: mpi_transport_main LAW. The launcher's exit code and stderr are checked
// by mpirun_test.cmake.

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "qtot/base/check.h"
#include "qtot/base/deadline.h"
#include "qtot/base/error.h"
#include "qtot/cluster/mpi.h"
#include "qtot/cluster/same.h"

namespace qtot::cluster {
namespace {

using Bytes = std::vector<std::byte>;

// In one piece: what mpirun says is not to come between.
void say(const std::string& sentence) {
  std::cerr << "qtot: " + sentence + "\n";
}

constexpr int kAborted = 7;  // an exit code that nothing else has

// Some bytes that only this message has, some of them many.
Bytes message_of(int from, int to, int channel, int i) {
  constexpr std::uint32_t kSizes[] = {0, 1, 7, 64, 1000, 4096, 70000, 1 << 20};
  std::uint32_t x =
      1U + static_cast<std::uint32_t>(((from * 16 + to) * kNChannels + channel) * 64 + i);
  const auto next = [&x] { return x = x * 1664525U + 1013904223U; };
  next();
  Bytes bytes(kSizes[(next() >> 16) % std::size(kSizes)] + (next() >> 16) % 3);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(next() >> 24);
  return bytes;
}

// All to all, several messages each, on all channels at once.
void exchange(Transport& transport) {
  constexpr int kMessages = 5;
  std::vector<Bytes> sent, received, expected;
  const int n_all = transport.n_ranks() * kNChannels * kMessages;
  sent.reserve(static_cast<std::size_t>(n_all));
  received.reserve(static_cast<std::size_t>(n_all));
  for (int i = 0; i < kMessages; ++i) {
    for (int channel = 0; channel < kNChannels; ++channel) {
      for (int other = 0; other < transport.n_ranks(); ++other) {
        if (other == transport.rank()) continue;
        expected.push_back(message_of(other, transport.rank(), channel, i));
        received.emplace_back(expected.back().size());
        transport.receive(static_cast<Channel>(channel), other, received.back());
        sent.push_back(message_of(transport.rank(), other, channel, i));
        transport.send(static_cast<Channel>(channel), other, sent.back());
      }
    }
  }
  for (int channel = kNChannels; channel-- > 0;) transport.finish(static_cast<Channel>(channel));
  QTOT_CHECK(received == expected);
}

void exchange_rounds(MpiTransport& transport) {
  for (int round = 0; round < 20; ++round) exchange(transport);
}

// Rank 1 sends `n_sent` bytes where rank 0 expects `n_expected`; 0 says so and ends the job.
void mismatch(MpiTransport& transport, std::size_t n_sent, std::size_t n_expected) {
  Bytes bytes(transport.rank() == 0 ? n_expected : n_sent);
  try {
    if (transport.rank() == 0) transport.receive(Channel::kEpisodes, 1, bytes);
    if (transport.rank() == 1) transport.send(Channel::kEpisodes, 0, bytes);
    transport.finish(Channel::kEpisodes);
    if (transport.rank() != 0) transport.receive(Channel::kEpisodes, 0, bytes);
    transport.finish(Channel::kEpisodes);
  } catch (const Error& error) {
    say(error.what());
    transport.abort_job(kAborted);
  }
}

[[noreturn]] void say_nothing_more(bool is_stopped) {
  if (is_stopped) std::raise(SIGSTOP);
  sigset_t none;
  sigemptyset(&none);
  for (;;) sigsuspend(&none);
}

// The last rank does nothing more, as if it were stopped or cut off; others wait for it.
void silence(MpiTransport& transport, bool is_stopped) {
  std::byte byte{};
  transport.stands_at({.phase = "gradients", .update = 131});
  exchange(transport);
  if (transport.rank() == transport.n_ranks() - 1) say_nothing_more(is_stopped);
  transport.receive(Channel::kGradients, transport.n_ranks() - 1, {&byte, 1});
  transport.finish(Channel::kGradients);
}

void disagreement(MpiTransport& transport) {
  const bool is_last = transport.rank() == transport.n_ranks() - 1;
  require_same(transport, "text", {{"a", ""}, {"b", std::string(100000, 'x')}});
  require_same(transport, "configuration",
               {{"gamma", "0.99"}, {"lr", is_last ? "0.001" : "0.0005"}});
}

// One rank alone fails, while the others wait for it or for nobody.
void lone_error(MpiTransport& transport, bool is_caught) {
  std::byte byte{};
  if (transport.rank() == 1) {
    say("rank 1 fails");
    if (is_caught) transport.abort_job(kAborted);
    throw Error("rank 1 leaves", static_cast<ExitCode>(kAborted));
  }
  if (transport.rank() == 0) transport.receive(Channel::kControl, 1, {&byte, 1});
  transport.finish(Channel::kControl);
}

void ping_pong(MpiTransport& transport) {
  for (const std::size_t n_bytes : {std::size_t{8}, std::size_t{4096}, std::size_t{1} << 16,
                                    std::size_t{1} << 20, std::size_t{1} << 24}) {
    Bytes bytes(n_bytes);
    const int n_times = n_bytes > 100000 ? 50 : 2000;
    const Deadline clock(0);
    for (int i = 0; i < 2 * n_times; ++i) {
      if (i % 2 == transport.rank()) {
        transport.send(Channel::kControl, 1 - transport.rank(), bytes);
      } else {
        transport.receive(Channel::kControl, 1 - transport.rank(), bytes);
      }
      transport.finish(Channel::kControl);
    }
    if (transport.rank() == 0) {
      std::cout << n_bytes << " bytes: " << 1e6 * clock.seconds_gone() / (2 * n_times)
                << " us one way\n";
    }
  }
}

// What a message costs while others are on their way, too.
void in_a_row(MpiTransport& transport) {
  constexpr int kMessages = 64;
  constexpr int kTimes = 200;
  std::vector<Bytes> bytes(kMessages, Bytes(8));
  const Deadline clock(0);
  for (int i = 0; i < kTimes; ++i) {
    for (Bytes& message : bytes) {
      if (i % 2 == transport.rank()) {
        transport.send(Channel::kControl, 1 - transport.rank(), message);
      } else {
        transport.receive(Channel::kControl, 1 - transport.rank(), message);
      }
    }
    transport.finish(Channel::kControl);
  }
  if (transport.rank() == 0) {
    std::cout << kMessages << " messages of 8 bytes in a row: "
              << 1e6 * clock.seconds_gone() / (kTimes * kMessages) << " us each\n";
  }
}

void run(const std::string& law) {
  MpiOptions options;
  if (law == "pieces") options.piece_bytes = 4096;
  if (law.starts_with("sil") || law.starts_with("stop")) options.stall_timeout = 1;
  const auto transport = connect(options);
  if (law == "exchange" || law == "pieces") exchange_rounds(*transport);
  if (law == "too_short") mismatch(*transport, 4, 8);
  if (law == "too_long") mismatch(*transport, 12, 8);
  if (law == "large_too_short") mismatch(*transport, 1 << 20, 1 << 21);
  if (law == "large_too_long") mismatch(*transport, 1 << 21, 1 << 20);
  if (law == "silent") silence(*transport, false);
  if (law == "stopped") silence(*transport, true);
  if (law == "silent_end") {
    transport->stands_at({.phase = "end", .update = 131});
    if (transport->rank() == 1) say_nothing_more(false);
    return;
  }
  if (law == "disagreement") disagreement(*transport);
  if (law == "abort") lone_error(*transport, true);
  if (law == "leave") lone_error(*transport, false);
  if (law == "ping_pong") ping_pong(*transport);
  if (law == "ping_pong") in_a_row(*transport);
  if (transport->rank() == 0) std::cout << "ranks " << transport->n_ranks() << " done\n";
}

}  // namespace
}  // namespace qtot::cluster

int main(int argc, char** argv) {
  try {
    QTOT_CHECK_EQ(argc, 2);
    qtot::cluster::run(argv[1]);
  } catch (const qtot::Error& error) {
    qtot::cluster::say(error.what());
    return static_cast<int>(error.exit_code());
  }
  return 0;
}
