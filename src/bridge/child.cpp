#include "bridge/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <system_error>

#include "qtot/base/check.h"
#include "qtot/base/deadline.h"
#include "qtot/base/error.h"
#include "qtot/base/printable.h"

namespace qtot::bridge {
namespace {

constexpr std::size_t kKeptBytes = 8192;
constexpr int kPauseMilliseconds = 5;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

[[noreturn]] void no_more(const char* what) {
  throw Error("python environment: cannot make " + std::string(what) + ": " + reason(errno),
              ExitCode::kFailed);
}

// Above the numbers that the child is given: dup2 must not meet one that is still needed.
Descriptor lifted(int number, const char* what) {
  constexpr int kAbove = 10;
  const Descriptor low(number);
  const int high = ::fcntl(low.number(), F_DUPFD_CLOEXEC, kAbove);
  if (high < 0) no_more(what);
  return Descriptor(high);
}

struct Ends {
  Descriptor ours;
  Descriptor theirs;
};

Ends socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) no_more("a socket");
  Descriptor ours(ends[0]);
  return {.ours = std::move(ours), .theirs = lifted(ends[1], "a socket")};
}

// The child's end reads or writes.
Ends pipe(bool theirs_reads) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) no_more("a pipe");
  Descriptor ours(ends[theirs_reads ? 1 : 0]);
  return {.ours = std::move(ours), .theirs = lifted(ends[theirs_reads ? 0 : 1], "a pipe")};
}

Descriptor file_with(const std::string& text) {
  Descriptor file = lifted(::memfd_create("qtot_host", MFD_CLOEXEC), "a file in memory");
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(file.number(), text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) no_more("a file in memory");
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  if (::lseek(file.number(), 0, SEEK_SET) != 0) no_more("a file in memory");
  return file;
}

// The environment of this process with some variables replaced.
std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> all = variables;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view variable(*at);
    const std::string_view name = variable.substr(0, variable.find('='));
    const bool is_replaced = std::ranges::any_of(variables, [&](const std::string& given) {
      return given.size() > name.size() && given.starts_with(name) && given[name.size()] == '=';
    });
    if (!is_replaced) all.emplace_back(variable);
  }
  return all;
}

// For exec: it takes texts that it could change, and a null at the end.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Number {
  int ours = -1;
  int theirs = -1;
};

// Returns the process, whose group has its number; or the negative error.
int spawn(const ChildCommand& command, const std::vector<Number>& numbers) {
  std::vector<std::string> words = command.arguments;
  std::vector<std::string> variables = environment_with(command.variables);
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  QTOT_CHECK_EQ(::posix_spawn_file_actions_init(&actions), 0);
  QTOT_CHECK_EQ(::posix_spawnattr_init(&attributes), 0);
  for (const Number& number : numbers) {
    QTOT_CHECK_EQ(::posix_spawn_file_actions_adddup2(&actions, number.ours, number.theirs), 0);
  }
  sigset_t none{};
  sigset_t usual{};
  ::sigemptyset(&none);
  ::sigemptyset(&usual);
  ::sigaddset(&usual, SIGPIPE);
  ::sigaddset(&usual, SIGCHLD);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, command.program.c_str(), &actions, &attributes,
                                   arguments.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -error;
}

// `child_end` is the same open file as the child's: what is set here holds for as long as the child has it.
// Where a system cannot do this, a thread of the host script stands in (host.py).
void arm(const Descriptor& child_end, int group) {
  if (::fcntl(child_end.number(), F_SETOWN, -group) != 0) return;
  if (::fcntl(child_end.number(), F_SETSIG, SIGKILL) != 0) return;
  const int flags = ::fcntl(child_end.number(), F_GETFL);
  if (flags >= 0) ::fcntl(child_end.number(), F_SETFL, flags | O_ASYNC);
}

// Of those that end processes by themselves; "" for the others.
const char* name_of(int signal) {
  switch (signal) {
    case SIGKILL:
      return " (SIGKILL)";
    case SIGSEGV:
      return " (SIGSEGV)";
    case SIGABRT:
      return " (SIGABRT)";
    case SIGTERM:
      return " (SIGTERM)";
    default:
      return "";
  }
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  number_ = other.number_;
  other.number_ = -1;
  return *this;
}

void Descriptor::close() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

Child::Child(const ChildCommand& command) {
  Ends socket = socket_pair();
  Ends errors = pipe(false);
  Ends lifeline = pipe(true);
  const Descriptor script = file_with(command.input);
  if (::fcntl(errors.ours.number(), F_SETFL, O_NONBLOCK) != 0) no_more("a pipe");
  const int pid = spawn(command, {{script.number(), STDIN_FILENO},
                                  {errors.theirs.number(), STDOUT_FILENO},
                                  {errors.theirs.number(), STDERR_FILENO},
                                  {socket.theirs.number(), kSocketNumber},
                                  {lifeline.theirs.number(), kLifelineNumber}});
  if (pid == -EAGAIN || pid == -ENOMEM) {
    errno = -pid;
    no_more("a process");
  }
  if (pid < 0) {
    throw Error("env_args.python = \"" + printable(command.program) +
                "\" must be an interpreter that can be run: " + reason(-pid));
  }
  arm(lifeline.theirs, pid);
  pid_ = pid;
  socket_ = std::move(socket.ours);
  errors_ = std::move(errors.ours);
  lifeline_ = std::move(lifeline.ours);
}

Child::~Child() {
  kill();
}

void Child::drain() {
  constexpr int kReads = 16;  // a child that writes without end is not waited for
  std::array<char, 4096> buffer{};
  for (int k = 0; k < kReads && errors_.number() >= 0; ++k) {
    const ssize_t n = ::read(errors_.number(), buffer.data(), buffer.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      errors_.close();
      return;
    }
    kept_.append(buffer.data(), static_cast<std::size_t>(n));
    if (kept_.size() > kKeptBytes) kept_.erase(0, kept_.size() - kKeptBytes);
  }
}

std::string Child::tail() const {
  constexpr std::size_t kLines = 20;
  std::vector<std::string> lines;
  std::string_view rest(kept_);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) lines.push_back(printable(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::string text;
  for (std::size_t k = lines.size() - std::min(lines.size(), kLines); k < lines.size(); ++k) {
    text += "\n  | " + lines[k];
  }
  return text;
}

bool Child::has_ended() const {
  if (pid_ < 0) return true;
  siginfo_t info{};
  const int result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return result == 0 ? info.si_pid == pid_ : errno == ECHILD;
}

bool Child::wait_for_end(double seconds) {
  const Deadline deadline(seconds);
  for (;;) {
    drain();
    if (has_ended()) return true;
    if (deadline.has_passed()) return false;
    pollfd written{.fd = errors_.number(), .events = POLLIN, .revents = 0};
    ::poll(&written, 1, kPauseMilliseconds);
  }
}

void Child::kill() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);  // the number cannot have a new owner yet: nobody has reaped it
  int result = 0;
  do {
    result = ::waitpid(pid_, &status_, 0);
  } while (result < 0 && errno == EINTR);
  has_status_ = result == pid_;  // else this process ignores SIGCHLD, and the system has reaped it
  pid_ = -1;
  drain();
  socket_.close();
  errors_.close();
  lifeline_.close();
}

std::string Child::ending() const {
  if (!has_status_) return "ended";
  if (WIFEXITED(status_)) return "ended with exit code " + std::to_string(WEXITSTATUS(status_));
  const int signal = WTERMSIG(status_);
  return "was killed by signal " + std::to_string(signal) + name_of(signal);
}

}  // namespace qtot::bridge
