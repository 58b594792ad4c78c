#pragma once

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

/// Child processes of one parent, on Linux.
namespace qtot::sweep {

struct Command {
  std::filesystem::path program;  // "/proc/self/exe": this program, even if its file was replaced
  std::vector<std::string> arguments;  // argv[0] included
  std::filesystem::path log;           // stdout and stderr are appended; its folder exists
};

/// How a child ended: by exit() or, with `signal` > 0, by that signal.
struct Ending {
  std::size_t id = 0;
  int exit_code = 0;
  int signal = 0;
};

/// What wait() saw.
struct Happening {
  std::vector<Ending> endings;
  bool stop_requested = false;
};

/// Starts children and waits for them and for the user's signals. While it lives, SIGINT, SIGTERM and
/// SIGHUP are taken by wait(), unless the process was started with the signal ignored (nohup); after the
/// first one they do again what the system does. A child is in a process group of its own, so that
/// Ctrl-C reaches it through the parent alone; it is killed by the system when the parent dies, however
/// that happens. One object at a time; the process must have no other thread.
class Children {
 public:
  Children();
  /// Sends SIGTERM to those that still run, and waits for them.
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  /// `id` is handed back by wait(). Throws Error (kFailed) when the system gives no process. A program
  /// that cannot be run ends with exit code 127.
  void start(std::size_t id, const Command& command);

  std::size_t n_running() const { return running_.size(); }

  /// Returns when at least one child has ended or a signal came. Needs a running child.
  Happening wait();

  /// SIGTERM to all that run.
  void terminate();

 private:
  struct Child {
    std::size_t id = 0;
    int pid = 0;
  };

  std::vector<Ending> reap();
  void give_signals_back();

  std::vector<Child> running_;
  sigset_t waited_for_{};
  sigset_t mask_before_{};
};

/// An exclusive lock on a folder, by a file `.lock` in it. Children inherit it: it is free only when the
/// holder and all its children are gone. A file system that knows no locks gives it to everybody.
class FolderLock {
 public:
  /// Takes the lock if it is free; waits for it otherwise, after calling `on_wait`. Throws Error (kFailed)
  /// when the file cannot be made.
  FolderLock(const std::filesystem::path& folder, void (*on_wait)(const std::filesystem::path&));
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace qtot::sweep
