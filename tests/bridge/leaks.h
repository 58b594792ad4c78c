#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>

#include "qtot/base/memory.h"

namespace qtot::test {

inline std::size_t n_open_descriptors() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++n;
  }
  return n;
}

/// At its end: as many descriptors as at its beginning, no child, dead or alive, and no more memory than a
/// few blocks that the allocator keeps.
class ExpectNoLeak {
 public:
  ExpectNoLeak() : n_descriptors_(n_open_descriptors()), n_bytes_(resident_bytes()) {}
  ~ExpectNoLeak() {
    EXPECT_EQ(n_open_descriptors(), n_descriptors_);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
    EXPECT_EQ(errno, ECHILD);
    EXPECT_LT(resident_bytes(), n_bytes_ + kSpareBytes);
  }
  ExpectNoLeak(const ExpectNoLeak&) = delete;
  ExpectNoLeak& operator=(const ExpectNoLeak&) = delete;

 private:
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QTOT_HAS_QUARANTINE  // freed memory is kept a while; LeakSanitizer tells of leaks
#endif
#endif
#ifdef QTOT_HAS_QUARANTINE
  static constexpr std::size_t kSpareBytes = std::size_t{1} << 29;
#else
  static constexpr std::size_t kSpareBytes = std::size_t{1} << 22;
#endif

  std::size_t n_descriptors_;
  std::size_t n_bytes_;
};

}  // namespace qtot::test
