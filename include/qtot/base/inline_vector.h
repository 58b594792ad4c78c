#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "qtot/base/check.h"

namespace qtot {

/// At most `kCapacity` elements that lie in the object itself: a vector for places that must not
/// allocate, of a type that need not be default-constructible or assignable.
template <class T, std::size_t kCapacity>
class InlineVector {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  InlineVector() = default;
  InlineVector(const InlineVector&) = delete;
  InlineVector& operator=(const InlineVector&) = delete;

  void push_back(const T& value) {
    QTOT_CHECK_LT(size_, kCapacity);
    std::construct_at(data() + size_, value);
    ++size_;
  }
  std::size_t size() const { return size_; }
  std::span<T> span() {
    if (size_ == 0) return {};  // there is no object yet to point to
    return {std::launder(data()), size_};
  }
  std::span<const T> span() const {
    if (size_ == 0) return {};
    return {std::launder(reinterpret_cast<const T*>(storage_)), size_};
  }

 private:
  T* data() { return reinterpret_cast<T*>(storage_); }

  alignas(T) std::byte storage_[kCapacity * sizeof(T)];
  std::size_t size_ = 0;
};

}  // namespace qtot
