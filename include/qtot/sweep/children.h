#pragma once

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Child processes of one parent, on Linux.
namespace qtot::sweep {

struct Command {
  std::filesystem::path program;  // "/proc/self/exe": this program, even if its file was replaced
  std::vector<std::string> arguments;  // argv[0] included
  std::filesystem::path log;           // stdout and stderr are appended; its folder exists
  std::filesystem::path lock = {};  // a file that the child locks first, and waits for; "" for none
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

/// Starts children and waits for them and for the user's signals. While it lives, SIGINT, SIGTERM,
/// SIGHUP and SIGUSR1 are taken by wait(), unless the process was started with the signal ignored (nohup); after the
/// first one SIGINT does again what the system does, so that a second Ctrl-C kills; of the others more are
/// ignored, since batch systems send them twice. A child is in a process group of its own, so that
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
  /// The same with an end: after `milliseconds` nothing may have happened. Needs no child.
  Happening wait_at_most(int milliseconds);

  /// SIGTERM to all that run.
  void terminate();

 private:
  struct Child {
    std::size_t id = 0;
    int pid = 0;
  };

  std::vector<Ending> reap();
  void take(int signal, Happening& happening);

  std::vector<Child> running_;
  sigset_t waited_for_{};
  sigset_t mask_before_{};
};

/// The lock file of a folder: FolderLock's, and for Command::lock.
std::filesystem::path lock_file(const std::filesystem::path& folder);

/// A lock on a folder, by a file `.lock` in it. Children inherit it: it is free only when the holder and
/// all its children are gone. A file system that knows no locks gives it to everybody.
class FolderLock {
 public:
  enum class Kind {
    kExclusive,  // one holder
    kShared,     // any number of these
  };

  /// Takes the lock if it is free; waits for it otherwise, after calling `on_wait`. Throws Error (kFailed)
  /// when the file cannot be made.
  FolderLock(const std::filesystem::path& folder, Kind kind,
             void (*on_wait)(const std::filesystem::path&));
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace qtot::sweep
