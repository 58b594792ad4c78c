#include "math/matmul_naive.h"

namespace qtot::math {

#define QTOT_INSTANTIATE(T)                                                                   \
  template void matmul_naive<T>(ConstMatView<T>, ConstMatView<T>, MatView<T>, Start);         \
  template void matmul_bias_naive<T>(ConstMatView<T>, ConstMatView<T>, const T*, MatView<T>); \
  template void matmul_tn_naive<T>(ConstMatView<T>, ConstMatView<T>, MatView<T>, Start);      \
  template void matmul_nt_naive<T>(ConstMatView<T>, ConstMatView<T>, MatView<T>, Start);      \
  template void column_sums_naive<T>(ConstMatView<T>, T*, Start);
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::math
