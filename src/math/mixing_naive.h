#pragma once

#include "qtot/base/check.h"
#include "qtot/math/elementary.h"
#include "qtot/math/mixing.h"

/// The definition of the mixing products (qtot/math/mixing.h), for any scalar with overloads of fma
/// and abs in its namespace. mixing.cpp instantiates those of qtot/math/scalars.h.
namespace qtot::math {

template <class T>
void check_mixing_shapes(Index rows, Index n_agents, Index embed_dim, const ConstMatView<T>& w) {
  QTOT_CHECK_EQ(w.rows(), rows);
  QTOT_CHECK_EQ(w.cols(), n_agents * embed_dim);
}

template <class T>
void check_outer_shapes(const ConstMatView<T>& q, const ConstMatView<T>& d_z,
                        const ConstMatView<T>& w, bool reads_w, const MatView<T>& d_w) {
  QTOT_CHECK_EQ(q.rows(), d_z.rows());
  QTOT_CHECK_EQ(q.rows(), d_w.rows());
  QTOT_CHECK_EQ(d_w.cols(), q.cols() * d_z.cols());
  if (reads_w) check_mixing_shapes(q.rows(), q.cols(), d_z.cols(), w);
}

template <class T>
void check_elu_slope_shapes(const ConstMatView<T>& d, const ConstMatView<T>& w,
                            const ConstMatView<T>& hidden, const MatView<T>& d_z) {
  QTOT_CHECK_EQ(d.rows(), d_z.rows());
  QTOT_CHECK_EQ(d.cols(), 1);
  QTOT_CHECK_EQ(hidden.rows(), d_z.rows());
  QTOT_CHECK_EQ(hidden.cols(), d_z.cols());
  check_mixing_shapes(d_z.rows(), 1, d_z.cols(), w);
}

template <class T>
T mix_weight(T w, MixWeight use) {
  return use == MixWeight::kAbs ? abs(w) : w;
}

template <class T>
void mix_agents_naive(ConstMatView<T> q, ConstMatView<T> w, MixWeight use, MatView<T> out) {
  const Index embed_dim = out.cols();
  QTOT_CHECK_EQ(q.rows(), out.rows());
  check_mixing_shapes(out.rows(), q.cols(), embed_dim, w);
  for (Index m = 0; m < out.rows(); ++m) {
    for (Index e = 0; e < embed_dim; ++e) {
      T sum = out(m, e);
      for (Index n = 0; n < q.cols(); ++n) {
        sum = fma(q(m, n), mix_weight(w(m, n * embed_dim + e), use), sum);
      }
      out(m, e) = sum;
    }
  }
}

template <class T>
void mix_embedding_naive(ConstMatView<T> a, ConstMatView<T> w, MixWeight use, MatView<T> out) {
  const Index embed_dim = a.cols();
  QTOT_CHECK_EQ(a.rows(), out.rows());
  check_mixing_shapes(out.rows(), out.cols(), embed_dim, w);
  for (Index m = 0; m < out.rows(); ++m) {
    for (Index n = 0; n < out.cols(); ++n) {
      T sum = out(m, n);
      for (Index e = 0; e < embed_dim; ++e) {
        sum = fma(a(m, e), mix_weight(w(m, n * embed_dim + e), use), sum);
      }
      out(m, n) = sum;
    }
  }
}

template <class T>
void mix_outer_naive(ConstMatView<T> q, ConstMatView<T> d_z, ConstMatView<T> w, MixWeight use,
                     MatView<T> d_w) {
  const Index embed_dim = d_z.cols();
  check_outer_shapes(q, d_z, w, use == MixWeight::kAbs, d_w);
  for (Index m = 0; m < q.rows(); ++m) {
    for (Index n = 0; n < q.cols(); ++n) {
      for (Index e = 0; e < embed_dim; ++e) {
        const Index column = n * embed_dim + e;
        const T d = q(m, n) * d_z(m, e);
        d_w(m, column) = use == MixWeight::kAbs ? d * abs_slope(w(m, column)) : d;
      }
    }
  }
}

template <class T>
void mix_elu_slope_naive(ConstMatView<T> d, ConstMatView<T> w, MixWeight use,
                         ConstMatView<T> hidden, MatView<T> d_z) {
  check_elu_slope_shapes(d, w, hidden, d_z);
  for (Index m = 0; m < d_z.rows(); ++m) {
    for (Index e = 0; e < d_z.cols(); ++e) {
      const T slope = elu_slope(hidden(m, e), hidden(m, e));  // elu(z) > 0 just where z > 0
      d_z(m, e) = (d(m, 0) * mix_weight(w(m, e), use)) * slope;
    }
  }
}

}  // namespace qtot::math
