#include "support/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace qtot::test {
namespace {
std::atomic<std::size_t> count = 0;
}

std::size_t n_allocations() {
  return count;
}

static void* allocate(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace qtot::test

void* operator new(std::size_t size) {
  return qtot::test::allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
