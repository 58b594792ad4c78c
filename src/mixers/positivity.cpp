#include "mixers/positivity.h"

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {

template <class T>
Positivity<T>::Positivity(const std::string& kind, double softplus_beta)
    : kind_(kind == "abs"         ? kAbs
            : kind == "softplus"  ? kSoftplus
            : kind == "quadratic" ? kQuadratic
                                  : kNone),
      beta_(static_cast<T>(softplus_beta)) {
  QTOT_CHECK(kind_ != kNone || kind == "none");  // make_mixer() refuses other names
}

template <class T>
nn::Buffer<T> Positivity<T>::weights(nn::Buffer<T> pre, nn::Workspace<T>& workspace) const {
  if (kind_ == kAbs || kind_ == kNone) return pre;
  const nn::Buffer<T> w = workspace.take(pre.rows, pre.cols);
  apply(pre.data, w);
  return w;
}

template <class T>
void Positivity<T>::apply(const T* pre, nn::Buffer<T> w) const {
  const Index size = w.rows * w.cols;
  for (Index i = 0; i < size; ++i) w.data[i] = value(pre[i]);
}

template <class T>
void Positivity<T>::multiply_slope(const T* pre, MatView<T> d) const {
  if (kind_ == kNone) return;
  for (Index i = 0; i < d.rows(); ++i) {
    for (Index j = 0; j < d.cols(); ++j) d(i, j) = d(i, j) * slope(pre[i * d.cols() + j]);
  }
}

template <class T>
T Positivity<T>::value(T u) const {
  switch (kind_) {
    case kAbs:
      return math::abs(u);
    case kSoftplus:
      return math::softplus(u, beta_);
    case kQuadratic:
      return T(0.5) * (u * u);
    case kNone:
      return u;
  }
  return u;
}

template <class T>
T Positivity<T>::slope(T u) const {
  switch (kind_) {
    case kAbs:
      return math::abs_slope(u);
    case kSoftplus:
      return math::softplus_slope(u, beta_);
    case kQuadratic:
      return u;
    case kNone:
      return T(1);
  }
  return T(1);
}

#define QTOT_INSTANTIATE(T) template class Positivity<T>;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
