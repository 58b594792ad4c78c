#pragma once

#include <cstddef>
#include <vector>

#include "qtot/core/dec_pomdp_spec.h"
#include "qtot/nn/workspace.h"

namespace qtot::learner {

/// The target network's utilities of episodes that were learnt from, for as long as that network does not
/// change: an episode that is drawn again need not be unrolled again. What is kept are the values
/// themselves, so that it shows in no bit. One thread at a time.
template <class T>
class TargetCache {
 public:
  struct Place {
    T* values = nullptr;     // null: not kept
    bool is_filled = false;  // else the caller fills them before commit()
  };

  /// Keeps at most `n_bytes` of values; what comes later is not kept.
  explicit TargetCache(std::size_t n_bytes) : left_(n_bytes / sizeof(T)), capacity_(left_) {}

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

  std::size_t left_;
  std::size_t capacity_;
  std::vector<Entry> entries_;  // by ticket
  nn::Workspace<T> memory_;
};

}  // namespace qtot::learner
