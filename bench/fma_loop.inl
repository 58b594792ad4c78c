// As many independent chains as hide the latency of fma (4 or 5 steps, two units) and leave
// registers for the factors.

#include "bench/bench_kernels.h"
#include "math/kernels/vec.h"

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

constexpr int kChains = 12;

template <class T>
T loop(ptrdiff_t steps) {
  const Vec<T> factor = Vec<T>::broadcast(T(0.5));
  const Vec<T> addend = Vec<T>::broadcast(T(1));
  Vec<T> chain[kChains];
#pragma GCC unroll 16
  for (int c = 0; c < kChains; ++c) chain[c] = Vec<T>::broadcast(T(c));
  for (ptrdiff_t s = 0; s < steps; ++s) {
#pragma GCC unroll 16
    for (int c = 0; c < kChains; ++c) chain[c] = fma(chain[c], factor, addend);
  }
  Vec<T> all = chain[0];
#pragma GCC unroll 16
  for (int c = 1; c < kChains; ++c) all = all + chain[c];
  T lanes[Vec<T>::kLanes];
  store(all, lanes);
  return lanes[0];
}

constexpr FmaLoopKernels kKernels = {loop<float>, loop<double>, kChains* Vec<float>::kLanes,
                                     kChains* Vec<double>::kLanes};

}  // namespace

const FmaLoopKernels& fma_loop_kernels();
const FmaLoopKernels& fma_loop_kernels() {
  return kKernels;
}

}  // namespace qtot::math::QTOT_ISA_NAMESPACE
