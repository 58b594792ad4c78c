#pragma once

#include "qtot/math/views.h"

namespace qtot::math {

/// Products of mixing networks, whose weights differ from row to row: row m of `w` is a matrix [N, E]
/// of its own, entry (n, e) in column n * E + e. No row reads another.
///
///   mix_agents     out[m][e] += sum over n of q[m][n] w'[m][n][e]      n ascending
///   mix_embedding  out[m][n] += sum over e of a[m][e] w'[m][n][e]      e ascending
///   mix_outer      d_w[m][n][e] = (q[m][n] d_z[m][e]) slope[m][n][e]
///   mix_elu_slope  d_z[m][e] = (d[m] w'[m][e]) elu'[m][e]           elu' = 1 where hidden > 0, else
///                                                                   hidden + 1
///
/// The sums begin with the value that `out` holds and take one fused multiply-add per term. w' is w,
/// or |w| with MixWeight::kAbs; the slope is 1, or that of |w| (0 at 0) with kAbs. The _naive twins are
/// the definition; the fast kernels vectorise over independent outputs and return the same bits.
///
/// Any size may be 0. Outputs must not alias inputs. Shapes that do not fit abort (QTOT_CHECK).
/// Defined for the scalars of scalars.h, of which Wide has no kernels and runs the twins; the twins serve
/// any scalar with overloads of fma and abs.
enum class MixWeight { kPlain, kAbs };

/// q [M, N]  w [M, N * E]  out [M, E]
template <class T>
void mix_agents(ConstMatView<T> q, ConstMatView<T> w, MixWeight use, MatView<T> out);
/// a [M, E]  w [M, N * E]  out [M, N]
template <class T>
void mix_embedding(ConstMatView<T> a, ConstMatView<T> w, MixWeight use, MatView<T> out);
/// q [M, N]  d_z [M, E]  w [M, N * E]  d_w [M, N * E], overwritten. With kPlain w is not read.
template <class T>
void mix_outer(ConstMatView<T> q, ConstMatView<T> d_z, ConstMatView<T> w, MixWeight use,
               MatView<T> d_w);
/// d [M, 1]  w [M, E]  hidden [M, E], after the elu  d_z [M, E], overwritten
template <class T>
void mix_elu_slope(ConstMatView<T> d, ConstMatView<T> w, MixWeight use, ConstMatView<T> hidden,
                   MatView<T> d_z);

template <class T>
void mix_agents_naive(ConstMatView<T> q, ConstMatView<T> w, MixWeight use, MatView<T> out);
template <class T>
void mix_embedding_naive(ConstMatView<T> a, ConstMatView<T> w, MixWeight use, MatView<T> out);
template <class T>
void mix_outer_naive(ConstMatView<T> q, ConstMatView<T> d_z, ConstMatView<T> w, MixWeight use,
                     MatView<T> d_w);
template <class T>
void mix_elu_slope_naive(ConstMatView<T> d, ConstMatView<T> w, MixWeight use,
                         ConstMatView<T> hidden, MatView<T> d_z);

}  // namespace qtot::math
