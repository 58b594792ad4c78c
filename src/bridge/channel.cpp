#include "bridge/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "qtot/base/check.h"
#include "qtot/base/deadline.h"
#include "qtot/base/printable.h"

namespace qtot::bridge {
namespace {

constexpr double kGraceSeconds =
    5;  // for a child that was asked to end, or that has closed its socket
constexpr double kMilliseconds = 1000;
// How long nothing may happen before the child is looked at: its own children could keep the socket open.
constexpr double kLookSeconds = 1;
constexpr std::size_t kMaxFaultBytes = std::size_t{1} << 16;

std::string seconds_text(double seconds) {
  std::ostringstream os;
  os << seconds << " s";
  return os.str();
}

}  // namespace

Channel::Channel(std::string name, const ChildCommand& command, double timeout)
    : name_(std::move(name)), timeout_(timeout), child_(command) {}

Channel::~Channel() {
  if (!error_.empty()) return;
  // what does not fit at once is not worth a wait: the kill below needs no consent
  const std::string frame = frame_of(Kind::kClose, sequence_, {});
  ::send(child_.socket(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  child_.wait_for_end(std::min(timeout_, kGraceSeconds));
}

Bytes Channel::ask(Kind request, Bytes payload, Kind expected, std::size_t min_bytes,
                   std::size_t max_bytes, const std::string& doing) {
  if (!error_.empty()) throw Error(error_, error_code_);
  const Deadline deadline(timeout_);
  send(frame_of(request, sequence_, payload), doing, deadline);
  const Header header = receive(expected, min_bytes, max_bytes, doing, deadline);
  ++sequence_;
  const Bytes reply = Bytes(buffer_).subspan(kHeaderBytes, header.size);
  if (header.kind == Kind::kFault) fail_by_fault(reply, doing);
  return reply;
}

void Channel::send(const std::string& frame, const std::string& doing, const Deadline& deadline) {
  for (std::size_t done = 0; done < frame.size();) {
    const ssize_t n = ::send(child_.socket(), frame.data() + done, frame.size() - done,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN || errno == EINTR) {
      wait(POLLOUT, doing, deadline);
    } else {
      fail("took no request " + doing);
    }
  }
}

Header Channel::receive(Kind expected, std::size_t min_bytes, std::size_t max_bytes,
                        const std::string& doing, const Deadline& deadline) {
  filled_ = 0;
  if (min_bytes == max_bytes) buffer_.resize(kHeaderBytes + max_bytes + 1);
  receive_at_least(kHeaderBytes, doing, deadline);
  Header header;
  try {
    header = read_header(buffer_);
  } catch (const Error& error) {
    fail(error.what() + (" " + doing));
  }
  check_header(header, expected, min_bytes, max_bytes, doing);
  const std::size_t n_bytes = kHeaderBytes + header.size;
  receive_at_least(n_bytes, doing, deadline);
  if (filled_ > n_bytes) {
    fail("answered with " + std::to_string(filled_ - n_bytes) + " bytes too many " + doing);
  }
  const Bytes all(buffer_);
  if (header.crc != crc_of(all.first(kHeaderBytes), all.subspan(kHeaderBytes, header.size))) {
    fail("answered with a damaged frame " + doing);
  }
  return header;
}

void Channel::check_header(const Header& header, Kind expected, std::size_t min_bytes,
                           std::size_t max_bytes, const std::string& doing) {
  const bool is_fault = header.kind == Kind::kFault;
  if (!is_fault && header.kind != expected) {
    fail("answered with a frame of kind " + std::to_string(static_cast<unsigned>(header.kind)) +
         " " + doing + ", expected " + std::to_string(static_cast<unsigned>(expected)));
  }
  if (header.sequence != sequence_) {
    fail("answered request " + std::to_string(header.sequence) + " " + doing + ", expected " +
         std::to_string(sequence_));
  }
  const std::size_t least = is_fault ? 0 : min_bytes;
  const std::size_t most = is_fault ? kMaxFaultBytes : max_bytes;
  if (header.size < least || header.size > most) {
    fail("answered with " + std::to_string(header.size) + " bytes " + doing + ", expected " +
         (least == most ? "" : (least == 0 ? "" : std::to_string(least)) + " to ") +
         std::to_string(most) + ": have its sizes changed?");
  }
}

// A reply of a known size is taken by one read; the room for one byte more tells of too many.
void Channel::receive_at_least(std::size_t n_bytes, const std::string& doing,
                               const Deadline& deadline) {
  if (buffer_.size() < n_bytes + 1) buffer_.resize(n_bytes + 1);
  while (filled_ < n_bytes) {
    wait(POLLIN, doing, deadline);
    const ssize_t n =
        ::recv(child_.socket(), buffer_.data() + filled_, buffer_.size() - filled_, MSG_DONTWAIT);
    if (n > 0) {
      filled_ += static_cast<std::size_t>(n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      fail("gave no answer " + doing);
    }
  }
}

// Until the socket is ready for `events` or there is something else to look at.
void Channel::wait(short events, const std::string& doing, const Deadline& deadline) {
  if (deadline.has_passed()) {
    fail("gave no answer " + doing + " within " + seconds_text(timeout_) +
         " (env_args.timeout), and was killed");
  }
  std::array<pollfd, 2> looked_at = {pollfd{.fd = child_.socket(), .events = events, .revents = 0},
                                     pollfd{.fd = child_.errors(), .events = POLLIN, .revents = 0}};
  const double seconds = std::min(deadline.seconds_left(), kLookSeconds);
  const int n =
      ::poll(looked_at.data(), looked_at.size(), 1 + static_cast<int>(seconds * kMilliseconds));
  if (looked_at[1].revents != 0) child_.drain();
  if (n == 0 && child_.has_ended()) fail("gave no answer " + doing);
}

void Channel::fail(const std::string& what, ExitCode exit_code) {
  QTOT_CHECK(error_.empty());
  // one that is still alive has a moment to end by itself if it is about to: then it tells why
  std::array<std::uint8_t, 1> byte{};
  const bool has_closed =
      ::recv(child_.socket(), byte.data(), byte.size(), MSG_DONTWAIT | MSG_PEEK) == 0;
  const bool has_ended =
      has_closed ? child_.wait_for_end(std::min(timeout_, kGraceSeconds)) : child_.has_ended();
  child_.kill();
  error_ = name_ + " " + what;
  if (has_ended) error_ += ": its process " + child_.ending();
  const std::string tail = child_.tail();
  if (!tail.empty()) error_ += "; it wrote last:" + tail;
  error_code_ = exit_code;
  throw Error(error_, error_code_);
}

void Channel::fail_by_fault(Bytes payload, const std::string& doing) {
  const nlohmann::json fault =
      nlohmann::json::parse(payload.begin(), payload.end(), nullptr, false);
  if (!fault.is_object() || !fault.contains("error") || !fault["error"].is_string() ||
      !fault.contains("is_input") || !fault["is_input"].is_boolean()) {
    fail("answered with a fault that cannot be read " + doing);
  }
  const bool is_input = fault["is_input"].get<bool>();
  fail("failed " + doing + ": " + printable(fault["error"].get<std::string>()),
       is_input ? ExitCode::kBadInput : ExitCode::kFailed);
}

}  // namespace qtot::bridge
