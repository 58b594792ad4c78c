#pragma once

#include <string>

#include "qtot/math/mixing.h"
#include "qtot/mixers/mixer.h"

/// What makes the mixing weights non-negative, so that Q_tot is monotonic (keys `positivity`,
/// `positivity_final`).
///
///   abs        |u|                        slope sign(u), 0 at 0
///   softplus   ln(1 + e^(beta u)) / beta  slope sigmoid(beta u), 1 where beta u > 20
///   quadratic  u^2 / 2                    slope u
///   none       u                          slope 1; Q_tot is then not monotonic
///
/// `abs` costs nothing inside the mixing products, which take u itself; the others are stored.
namespace qtot::mixers {

template <class T>
class Positivity {
 public:
  /// `kind` is one of the names above.
  Positivity(const std::string& kind, double softplus_beta);
  explicit Positivity(const MixerConfig& config)
      : Positivity(config.positivity, config.softplus_beta) {}

  bool is_positive() const { return kind_ != kNone; }

  /// How the mixing products use weights() and the slope.
  math::MixWeight use() const {
    return kind_ == kAbs ? math::MixWeight::kAbs : math::MixWeight::kPlain;
  }

  /// The weights that the mixing products read with use(): `pre` itself for abs and none, else a
  /// buffer of its own.
  nn::Buffer<T> weights(nn::Buffer<T> pre, nn::Workspace<T>& workspace) const;

  /// w[i] = phi(pre[i])
  void apply(const T* pre, nn::Buffer<T> w) const;

  /// d[i] = d[i] * slope(pre[i]); pre has no gaps between its rows.
  void multiply_slope(const T* pre, MatView<T> d) const;

  /// The same after math::mix_outer() with use(), which has taken the slope of abs.
  void multiply_slope_after_outer(nn::Buffer<T> pre, MatView<T> d) const {
    if (kind_ != kAbs) multiply_slope(pre.data, d);
  }

 private:
  T value(T u) const;
  T slope(T u) const;

  enum Kind { kAbs, kSoftplus, kQuadratic, kNone } kind_;
  T beta_;
};

}  // namespace qtot::mixers
