#include "learner/target_cache.h"

#include <algorithm>

#include "qtot/math/scalars.h"

namespace qtot::learner {

template <class T>
typename TargetCache<T>::Place TargetCache<T>::find_or_add(core::Ticket ticket,
                                                           std::size_t n_values) {
  auto entry = std::ranges::lower_bound(entries_, ticket, {}, &Entry::ticket);
  if (entry == entries_.end() || entry->ticket != ticket) {
    if (n_values == 0 || n_values > capacity_ - used_) return {};
    if (memory_ == nullptr) memory_ = std::make_unique_for_overwrite<T[]>(capacity_);
    T* const values = memory_.get() + used_;
    entry = entries_.insert(entry, {.ticket = ticket, .values = values, .n_values = n_values});
    used_ += n_values;
  }
  if (entry->n_values != n_values || entry->is_given_out) return {};
  entry->is_given_out = !entry->is_filled;
  return {.values = entry->values, .is_filled = entry->is_filled};
}

template <class T>
void TargetCache<T>::begin() {
  for (Entry& entry : entries_) entry.is_given_out = false;
}

template <class T>
void TargetCache<T>::commit() {
  for (Entry& entry : entries_) {
    if (entry.is_given_out) entry.is_filled = true;
    entry.is_given_out = false;
  }
}

template <class T>
void TargetCache<T>::clear() {
  entries_.clear();
  used_ = 0;
}

#define QTOT_INSTANTIATE(T) template class TargetCache<T>;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::learner
