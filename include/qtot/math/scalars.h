#pragma once

#ifdef QTOT_WIDE
#include <boost/multiprecision/cpp_bin_float.hpp>
#endif

/// The number types that everything from math to learner exists in, from one source: float trains,
/// double is the oracle, Wide says how far either is from the real numbers.
namespace qtot::math {

#ifdef QTOT_WIDE
/// 113 bits of significand (IEEE 754 binary128), the same bits on every machine.
using Wide = boost::multiprecision::cpp_bin_float_quad;
#endif

/// In which sums over many terms (losses, norms, means) and coefficients of the configuration are
/// computed before they are rounded once to T.
template <class T>
struct SumOf {
  using type = double;
};
#ifdef QTOT_WIDE
template <>
struct SumOf<Wide> {
  using type = Wide;
};
#endif
template <class T>
using Sum = typename SumOf<T>::type;

}  // namespace qtot::math

/// X(T) for every number type: the last lines of a source that defines templates of them. Wide is
/// there where Boost's headers are (QTOT_WIDE), which cross builds of the core do without.
#ifdef QTOT_WIDE
#define QTOT_FOR_EACH_SCALAR(X) X(float) X(double) X(::qtot::math::Wide)
#else
#define QTOT_FOR_EACH_SCALAR(X) X(float) X(double)
#endif
