#include "end_to_end/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "qtot/base/check.h"

namespace qtot::test {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() {
    std::array<int, 2> ends{};
    QTOT_CHECK_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read_end = ends[0];
    write_end = ends[1];
  }
};

// In the child: nothing but system calls until the program takes over.
[[noreturn]] void become_qtot(char* const* arguments, const ProcessOptions& options, int out_end,
                              int err_end) {
  constexpr int kCannotStart = 127;
  if (options.max_file_bytes) {
    const rlimit limit{.rlim_cur = *options.max_file_bytes, .rlim_max = *options.max_file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);  // so that write() fails with EFBIG
  }
  if (!options.out.empty()) out_end = ::open(options.out.c_str(), O_WRONLY | O_CLOEXEC);
  if (::dup2(out_end, STDOUT_FILENO) < 0) ::_exit(kCannotStart);
  if (::dup2(err_end, STDERR_FILENO) < 0) ::_exit(kCannotStart);
  for (const std::string& entry : options.environment) ::putenv(const_cast<char*>(entry.c_str()));
  options.program.empty() ? ::execv(QTOT_PROGRAM, arguments)
                          : ::execvp(options.program.c_str(), arguments);
  ::_exit(kCannotStart);
}

// Appends what can be read now; closes the descriptor at its end.
void drain(int& descriptor, std::string& text) {
  std::array<char, 1 << 14> block{};
  const ssize_t n = ::read(descriptor, block.data(), block.size());
  if (n > 0) {
    text.append(block.data(), static_cast<std::size_t>(n));
  } else if (n == 0 || errno != EINTR) {
    ::close(descriptor);
    descriptor = -1;
  }
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  std::vector<std::string> words = {options.program.empty() ? "qtot" : options.program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  const Pipe out_pipe, err_pipe;
  pid_ = ::fork();
  QTOT_CHECK_GE(pid_, 0);
  if (pid_ == 0) {
    become_qtot(pointers.data(), options, out_pipe.write_end, err_pipe.write_end);
  }
  ::close(out_pipe.write_end);
  ::close(err_pipe.write_end);
  out_ = out_pipe.read_end;
  err_ = err_pipe.read_end;
}

Process::~Process() {
  if (pid_ > 0) {
    send(SIGKILL);
    wait();
  }
}

// Returns false once both outputs are closed.
bool Process::pump(int timeout_milliseconds) {
  std::array<pollfd, 2> waiting = {pollfd{.fd = out_, .events = POLLIN, .revents = 0},
                                   pollfd{.fd = err_, .events = POLLIN, .revents = 0}};
  if (::poll(waiting.data(), waiting.size(), timeout_milliseconds) > 0) {
    if (waiting[0].revents != 0) drain(out_, result_.out);
    if (waiting[1].revents != 0) drain(err_, result_.err);
  }
  return out_ >= 0 || err_ >= 0;
}

bool Process::wait_until(const std::function<bool()>& holds) {
  while (!holds()) {
    if (!pump(1)) return holds();
  }
  return true;
}

void Process::send(int signal) const {
  QTOT_CHECK_GT(pid_, 0);
  ::kill(pid_, signal);
}

std::vector<pid_t> Process::children() const {
  const std::string pid = std::to_string(pid_);
  std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
  return {std::istream_iterator<pid_t>(file), {}};
}

ProcessResult Process::wait() {
  while (pump(-1)) {
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) QTOT_CHECK_EQ(errno, EINTR);
  pid_ = -1;
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  return result_;
}

ProcessResult run_qtot(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  return Process(arguments, options).wait();
}

}  // namespace qtot::test
