#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qtot::bridge {

/// A file descriptor that is closed at the end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;

  int number() const { return number_; }  // -1: none
  void close();

 private:
  int number_ = -1;
};

struct ChildCommand {
  std::string program;                 // looked for in PATH
  std::vector<std::string> arguments;  // argv[0] included
  std::string input;                   // what it finds on its standard input
  std::vector<std::string>
      variables;  // NAME=value, in place of what the environment has of these names
};

/// A child process in a process group of its own, on Linux. Its descriptor 3 is one end of a socket whose
/// other end is socket(); its stdout and stderr are one pipe, of which the last 8 KiB are kept; descriptor 4
/// is the end of a pipe whose other end only this process holds, so that the system kills the whole group
/// with SIGKILL when this process ends, however that happens and whatever the child is doing: the pipe signals
/// its closing to its owner, which is the group (fcntl(2), F_SETOWN and F_SETSIG). No other child inherits
/// any of these. Use from one thread at a time; any thread may begin or end it.
class Child {
 public:
  static constexpr int kSocketNumber = 3;    // in the child
  static constexpr int kLifelineNumber = 4;  // in the child

  /// Throws Error (kBadInput) when the program cannot be run, Error (kFailed) when the system lacks processes
  /// or descriptors.
  explicit Child(const ChildCommand& command);
  /// Kills what is left of it.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int socket() const { return socket_.number(); }
  int errors() const { return errors_.number(); }  // -1 once nobody can write to it

  /// Keeps what it has written since, without waiting and not without end.
  void drain();
  /// The end of what it wrote, by lines, printable, each after a line break and "  | "; "" for nothing.
  std::string tail() const;

  /// Whether its process has ended by itself. It keeps its number until kill().
  bool has_ended() const;
  /// Waits for that while it drains, but no longer than so many seconds.
  bool wait_for_end(double seconds);
  /// SIGKILL to the group, and the process is reaped. Afterwards ending() tells how it ended.
  void kill();
  /// "ended with exit code 3", "was killed by signal 9 (SIGKILL)".
  std::string ending() const;

 private:
  Descriptor socket_;
  Descriptor errors_;
  Descriptor lifeline_;
  int pid_ = -1;  // -1 once it is reaped
  int status_ = 0;
  bool has_status_ = false;
  std::string kept_;
};

}  // namespace qtot::bridge
