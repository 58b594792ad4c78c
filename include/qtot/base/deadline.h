#pragma once

#include <condition_variable>
#include <mutex>

/// The one clock outside of `metrics`. It may end a run or let a thread rest; it never alters a number.
namespace qtot {

/// So many seconds from its making or its last restart, by a clock that nobody sets. 0 seconds: it never
/// passes.
class Deadline {
 public:
  explicit Deadline(double seconds);

  void restart();
  bool has_passed() const;
  double seconds_gone() const;
  double seconds_left() const;  // infinite where it never passes; not below 0

 private:
  double seconds_;
  double start_;
};

/// Waits until `condition` is notified, or for `seconds` (infinite ones, too); it may return earlier, too.
void wait_for(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
              double seconds);

/// Lets other threads run: the processor, or the mutex that this thread has just left.
void yield_processor();

}  // namespace qtot
