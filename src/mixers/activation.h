#pragma once

#include <string>

#include "qtot/math/mixing.h"
#include "qtot/mixers/mixer.h"

/// The nonlinearity of a mixing network's hidden layer (MixerConfig::activation), and its slope as a
/// function of its value:
///
///   elu    x > 0: x, else e^x - 1     1 where the value is > 0, else value + 1
///   relu   x > 0: x, else 0           1 where the value is > 0, else 0
///   tanh   tanh(x)                    1 - value^2
///   none   x                          1
///
/// None of them falls anywhere, so Q_tot is as monotonic as its weights are.
namespace qtot::mixers {

template <class T>
class Activation {
 public:
  enum Kind { kElu, kRelu, kTanh, kNone };

  explicit Activation(Kind kind) : kind_(kind) {}
  explicit Activation(const std::string& name);  // one of the names above

  /// x[i] = f(x[i])
  void apply(nn::Buffer<T> x) const;

  /// d_z[m][e] = (d[m] w'[m][e]) slope(active[m][e]), w' as in qtot/math/mixing.h.
  ///
  /// @param[in]  d [M, 1]   w [M, E]   active [M, E] after apply()
  /// @param[out] d_z [M, E], overwritten
  void backward(ConstMatView<T> d, ConstMatView<T> w, math::MixWeight use, ConstMatView<T> active,
                MatView<T> d_z) const;

 private:
  T slope(T active) const;

  Kind kind_;
};

}  // namespace qtot::mixers
