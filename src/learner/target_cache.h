#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "qtot/core/dec_pomdp_spec.h"

namespace qtot::learner {

/// The target network's utilities of episodes that were learnt from, for as long as that network does not
/// change: an episode that is drawn again need not be unrolled again. What is kept are the values
/// themselves, so that it shows in no bit. One thread at a time.
template <class T>
class TargetCache {
 public:
  struct Place {
    T* values = nullptr;     // null: not kept; valid until clear()
    bool is_filled = false;  // else unspecified, and the caller fills them before commit()
  };

  /// Keeps at most `n_bytes` of values; what comes later is not kept.
  explicit TargetCache(std::size_t n_bytes) : capacity_(n_bytes / sizeof(T)) {}

  /// An update begins. Places that the one before did not commit, since it failed, are filled by nobody.
  void begin();
  /// The `n_values` of an episode. Of two that ask for the same one before commit() only the first gets it.
  Place find_or_add(core::Ticket ticket, std::size_t n_values);
  /// All places that were given out are filled.
  void commit();
  /// The target network has changed.
  void clear();

 private:
  struct Entry {
    core::Ticket ticket = 0;
    T* values = nullptr;
    std::size_t n_values = 0;
    bool is_filled = false;
    bool is_given_out = false;
  };

  std::size_t capacity_;
  std::size_t used_ = 0;
  std::vector<Entry> entries_;   // by ticket
  std::unique_ptr<T[]> memory_;  // [capacity], of which the system gives what is touched
};

}  // namespace qtot::learner
