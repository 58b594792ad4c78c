#include "qtot/sweep/children.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "qtot/base/check.h"
#include "qtot/base/error.h"
#include "qtot/sweep/launcher.h"

namespace qtot::sweep {
namespace {

// SIGUSR1 is what mpirun hands on; at SIGTERM it ends with an exit code of its own.
constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
constexpr mode_t kFileMode = 0644;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

constexpr int kCannotStart = 127;

// What a child is made from: pointers into texts of the parent.
struct Start {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* log;
  const char* lock;  // "" for none
  pid_t parent;
};

// In the child. The lock lives as long as it and its own children.
void wait_for_lock(const char* path) {
  const int lock = ::open(path, O_RDWR | O_CREAT, kFileMode);
  if (lock < 0) ::_exit(kCannotStart);
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  constexpr std::string_view kWaiting = "qtot: waiting: another process trains this run\n";
  if (::write(STDERR_FILENO, kWaiting.data(), kWaiting.size()) < 0) ::_exit(kCannotStart);
  while (::flock(lock, LOCK_EX) != 0 && errno == EINTR) {
  }
}

// In the child: nothing but system calls until the program takes over.
[[noreturn]] void become(const Start& start, const sigset_t& mask) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != start.parent) ::_exit(kCannotStart);  // it died before prctl could take effect
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = ::open(start.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kFileMode);
  if (in < 0 || out < 0) ::_exit(kCannotStart);
  if (::dup2(in, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
      ::dup2(out, STDERR_FILENO) < 0) {
    ::_exit(kCannotStart);
  }
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  if (*start.lock != '\0') wait_for_lock(start.lock);
  ::execve(start.program, start.arguments, start.environment);
  ::_exit(kCannotStart);
}

// For exec: it takes texts that it could change, and a null at the end.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Children::Children() {
  ::sigemptyset(&waited_for_);
  ::sigaddset(&waited_for_, SIGCHLD);
  for (const int signal : kStopSignals) {
    if (!is_ignored(signal)) ::sigaddset(&waited_for_, signal);
  }
  std::signal(SIGCHLD, SIG_DFL);  // ignored ones would leave no exit code
  QTOT_CHECK_EQ(::sigprocmask(SIG_BLOCK, &waited_for_, &mask_before_), 0);
}

Children::~Children() {
  terminate();
  while (!running_.empty()) wait();
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Children::start(std::size_t id, const Command& command) {
  std::vector<std::string> words = command.arguments;
  std::vector<std::string> variables = environment_of_runs();
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);
  const Start start{.program = command.program.c_str(),
                    .arguments = arguments.data(),
                    .environment = environment.data(),
                    .log = command.log.c_str(),
                    .lock = command.lock.c_str(),
                    .parent = ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw Error("cannot start another process: " + reason(errno), ExitCode::kFailed);
  }
  if (pid == 0) become(start, mask_before_);
  running_.push_back({.id = id, .pid = pid});
}

Happening Children::wait() {
  QTOT_CHECK(!running_.empty());
  Happening happening;
  while (happening.endings.empty() && !happening.stop_requested) {
    take(::sigwaitinfo(&waited_for_, nullptr), happening);
  }
  return happening;
}

Happening Children::wait_at_most(int milliseconds) {
  constexpr int kPerSecond = 1000;
  constexpr long kNanosecondsEach = 1000000;
  const timespec pause{.tv_sec = milliseconds / kPerSecond,
                       .tv_nsec = milliseconds % kPerSecond * kNanosecondsEach};
  Happening happening;
  take(::sigtimedwait(&waited_for_, nullptr, &pause), happening);
  return happening;
}

void Children::take(int signal, Happening& happening) {
  if (signal > 0 && signal != SIGCHLD) {
    happening.stop_requested = true;
    // the second Ctrl-C ends this process at once, and the system its children
    if (::sigismember(&waited_for_, SIGINT) == 1) {
      ::sigdelset(&waited_for_, SIGINT);
      sigset_t given{};
      ::sigemptyset(&given);
      ::sigaddset(&given, SIGINT);
      ::sigprocmask(SIG_UNBLOCK, &given, nullptr);
    }
  }
  happening.endings = reap();
}

std::vector<Ending> Children::reap() {
  std::vector<Ending> endings;
  std::erase_if(running_, [&](const Child& child) {
    int status = 0;
    if (::waitpid(child.pid, &status, WNOHANG) != child.pid) return false;
    endings.push_back({.id = child.id,
                       .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                       .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0});
    return true;
  });
  return endings;
}

void Children::terminate() {
  for (const Child& child : running_) ::kill(child.pid, SIGTERM);
}

std::filesystem::path lock_file(const std::filesystem::path& folder) {
  return folder / ".lock";
}

FolderLock::FolderLock(const std::filesystem::path& folder, Kind kind,
                       void (*on_wait)(const std::filesystem::path&)) {
  const std::filesystem::path path = lock_file(folder);
  // without O_CLOEXEC: the children are to hold it, too
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT, kFileMode);
  if (descriptor_ < 0) {
    throw Error("cannot write " + path.string() + ": " + reason(errno), ExitCode::kFailed);
  }
  const int operation = kind == Kind::kExclusive ? LOCK_EX : LOCK_SH;
  if (::flock(descriptor_, operation | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  on_wait(folder);
  while (::flock(descriptor_, operation) != 0 && errno == EINTR) {
  }
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace qtot::sweep
