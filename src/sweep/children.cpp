#include "qtot/sweep/children.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "qtot/base/check.h"
#include "qtot/base/error.h"

namespace qtot::sweep {
namespace {

constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP};
constexpr mode_t kFileMode = 0644;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// In the child: nothing but system calls until the program takes over.
[[noreturn]] void become(const char* program, char* const* arguments, const char* log, pid_t parent,
                         const sigset_t& mask) {
  constexpr int kCannotStart = 127;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotStart);  // it died before prctl could take effect
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = ::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kFileMode);
  if (in < 0 || out < 0) ::_exit(kCannotStart);
  if (::dup2(in, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
      ::dup2(out, STDERR_FILENO) < 0) {
    ::_exit(kCannotStart);
  }
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execv(program, arguments);
  ::_exit(kCannotStart);
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
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw Error("cannot start another process: " + reason(errno), ExitCode::kFailed);
  }
  if (pid == 0) {
    become(command.program.c_str(), pointers.data(), command.log.c_str(), parent, mask_before_);
  }
  running_.push_back({.id = id, .pid = pid});
}

Happening Children::wait() {
  QTOT_CHECK(!running_.empty());
  Happening happening;
  while (happening.endings.empty() && !happening.stop_requested) {
    const int signal = ::sigwaitinfo(&waited_for_, nullptr);
    if (signal > 0 && signal != SIGCHLD) {
      happening.stop_requested = true;
      give_signals_back();
    }
    happening.endings = reap();
  }
  return happening;
}

// The second one ends this process at once, and the system its children.
void Children::give_signals_back() {
  sigset_t given{};
  ::sigemptyset(&given);
  for (const int signal : kStopSignals) {
    if (::sigismember(&waited_for_, signal) != 1) continue;
    ::sigaddset(&given, signal);
    ::sigdelset(&waited_for_, signal);
  }
  ::sigprocmask(SIG_UNBLOCK, &given, nullptr);
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

FolderLock::FolderLock(const std::filesystem::path& folder,
                       void (*on_wait)(const std::filesystem::path&)) {
  const std::filesystem::path path = folder / ".lock";
  // without O_CLOEXEC: the children are to hold it, too
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT, kFileMode);
  if (descriptor_ < 0) {
    throw Error("cannot write " + path.string() + ": " + reason(errno), ExitCode::kFailed);
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  on_wait(folder);
  while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
  }
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace qtot::sweep
