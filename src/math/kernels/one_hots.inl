// Products with one-hots (qtot/math/one_hots.h) for one instruction-set level. Lanes are columns of the
// result, hence independent sums.

#include "math/kernels/vec.h"
#include "math/one_hots_kernels.h"

namespace qtot::math::QTOT_ISA_NAMESPACE {
namespace {

template <class T>
QTOT_VEC_INLINE void add_row(ptrdiff_t width, const T* from, T* to) {
  constexpr ptrdiff_t kLanes = Vec<T>::kLanes;
  ptrdiff_t j = 0;
  for (; j + kLanes <= width; j += kLanes)
    store(Vec<T>::load(to + j) + Vec<T>::load(from + j), to + j);
  if (j == width) return;
  const ptrdiff_t left = width - j;
  store_partial(Vec<T>::load_partial(to + j, left) + Vec<T>::load_partial(from + j, left), to + j,
                left);
}

template <class T>
void add(const OneHotsArgs<T>& args) {
  const std::int32_t* column = args.columns;
  for (ptrdiff_t row = 0; row < args.rows; ++row) {
    for (ptrdiff_t c = 0; c < args.per_row; ++c, ++column) {
      if (*column < 0) continue;
      add_row(args.width, args.from + *column * args.from_stride, args.to + row * args.to_stride);
    }
  }
}

template <class T>
void add_tn(const OneHotsArgs<T>& args) {
  const std::int32_t* column = args.columns;
  for (ptrdiff_t row = 0; row < args.rows; ++row) {
    for (ptrdiff_t c = 0; c < args.per_row; ++c, ++column) {
      if (*column < 0) continue;
      add_row(args.width, args.from + row * args.from_stride, args.to + *column * args.to_stride);
    }
  }
}

template <class T>
constexpr OneHotsKernelsOf<T> kKernels = {.add = add<T>, .add_tn = add_tn<T>};

constexpr OneHotsKernels kAll = {.of_float = kKernels<float>, .of_double = kKernels<double>};

}  // namespace

const OneHotsKernels& one_hots_kernels();
const OneHotsKernels& one_hots_kernels() {
  return kAll;
}

}  // namespace qtot::math::QTOT_ISA_NAMESPACE
