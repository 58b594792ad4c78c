#include "mixers/activation.h"

#include <span>

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"

namespace qtot::mixers {

template <class T>
Activation<T>::Activation(const std::string& name)
    : kind_(name == "elu"    ? kElu
            : name == "relu" ? kRelu
            : name == "tanh" ? kTanh
                             : kNone) {
  QTOT_CHECK(kind_ != kNone || name == "none");  // make_mixer() refuses other names
}

template <class T>
void Activation<T>::apply(nn::Buffer<T> x) const {
  const std::span<T> all(x.data, static_cast<std::size_t>(x.rows * x.cols));
  switch (kind_) {
    case kElu:
      return math::elu<T>(all, all);
    case kRelu:
      return math::relu<T>(all, all);
    case kTanh:
      return math::tanh<T>(all, all);
    case kNone:
      return;
  }
}

template <class T>
T Activation<T>::slope(T active) const {
  switch (kind_) {
    case kElu:
      return math::elu_slope(active, active);
    case kRelu:
      return math::relu_slope(active);
    case kTanh:
      return math::tanh_slope(active);
    case kNone:
      return T(1);
  }
  return T(1);
}

template <class T>
void Activation<T>::backward(ConstMatView<T> d, ConstMatView<T> w, math::MixWeight use,
                             ConstMatView<T> active, MatView<T> d_z) const {
  if (kind_ == kElu) return math::mix_elu_slope<T>(d, w, use, active, d_z);
  for (Index m = 0; m < d_z.rows(); ++m) {
    for (Index e = 0; e < d_z.cols(); ++e) {
      const T weight = use == math::MixWeight::kAbs ? math::abs(w(m, e)) : w(m, e);
      d_z(m, e) = (d(m, 0) * weight) * slope(active(m, e));
    }
  }
}

#define QTOT_INSTANTIATE(T) template class Activation<T>;
QTOT_FOR_EACH_SCALAR(QTOT_INSTANTIATE)
#undef QTOT_INSTANTIATE

}  // namespace qtot::mixers
