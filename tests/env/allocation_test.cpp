// step() and observe() take no memory: an actor plays millions of them.

#include <atomic>
#include <cstdlib>
#include <new>

#include "env/every_env.h"

namespace {

std::atomic<long> n_allocations{0};

void* allocate(std::size_t size) {
  ++n_allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace qtot {
namespace {

using test::EnvCase;

class EveryEnvAllocation : public testing::TestWithParam<EnvCase> {};

TEST_P(EveryEnvAllocation, StepAndObserveAllocateNothing) {
  const auto env = GetParam().make();
  test::reset(*env, 3);
  test::View view(*env);
  long n_inside = 0;
  for (int t = 0; !env->has_ended(); ++t) {
    test::StepChance chance(3, t);
    const auto joint_action = test::random_actions(*env, view, chance.acting);
    const long before = n_allocations;
    env->step(joint_action, chance.rules);
    env->observe(view.obs, view.state, view.avail);
    n_inside += n_allocations - before;
  }
  EXPECT_EQ(n_inside, 0);
  EXPECT_GT(n_allocations, 0);  // the counter is in force
}

// The first episodes may still make room.
TEST_P(EveryEnvAllocation, ResetsAllocateNothingInTheLongRun) {
  const auto env = GetParam().make();
  for (std::uint64_t ticket = 0; ticket < 3; ++ticket) test::reset(*env, ticket);
  const long before = n_allocations;
  for (std::uint64_t ticket = 3; ticket < 30; ++ticket) test::reset(*env, ticket);
  EXPECT_EQ(n_allocations - before, 0);
}

INSTANTIATE_TEST_SUITE_P(Envs, EveryEnvAllocation, testing::ValuesIn(test::every_env()),
                         test::env_case_name);

}  // namespace
}  // namespace qtot
