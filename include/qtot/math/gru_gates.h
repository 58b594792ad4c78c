#pragma once

#include "qtot/math/views.h"

namespace qtot::math {

/// The elementwise half of a GRU cell (Cho et al., 2014, with the bias of n inside the product with
/// r, as PyTorch), for M rows and width H. Column blocks of gi and gh in the order r, z, n.
///
///   r = sigmoid(gi_r + gh_r)     n  = tanh(fma(r, gh_n, gi_n))
///   z = sigmoid(gi_z + gh_z)     h' = fma(z, h - n, n)            = (1 - z) n + z h
///
/// @param[in]  gi     [M, 3H]  input half:     x W_ih^T + b_ih
/// @param[in]  gh     [M, 3H]  recurrent half: h W_hh^T + b_hh
/// @param[in]  h      [M, H]   hidden state before the step
/// @param[out] gates  [M, 3H]  r, z, n
/// @param[out] h_new  [M, H]   may be h
template <class T>
void gru_gates(ConstMatView<T> gi, ConstMatView<T> gh, ConstMatView<T> h, MatView<T> gates,
               MatView<T> h_new);

/// Its derivative. d = dL/dh' [M, H].
///
///   a_n = d (1 - z) (1 - n^2)      a_z = d (h - n) z (1 - z)      a_r = a_n gh_n r (1 - r)
///   d_gi = [a_r, a_z, a_n]   d_gh = [a_r, a_z, a_n r]   d_h = d z
///
/// Roundings: a_n = (d * (1 - z)) * tanh_slope(n); a_z = (d * (h - n)) * sigmoid_slope(z);
/// a_r = (a_n * gh_n) * sigmoid_slope(r); a_n * r; d * z.
/// @param[in]  gh_n  [M, H]   third block of gh
/// @param[out] d_gi, d_gh  [M, 3H];  d_h [M, H], overwritten; may be d
template <class T>
void gru_gates_backward(ConstMatView<T> gates, ConstMatView<T> gh_n, ConstMatView<T> h,
                        ConstMatView<T> d, MatView<T> d_gi, MatView<T> d_gh, MatView<T> d_h);

template <class T>
void gru_gates_naive(ConstMatView<T> gi, ConstMatView<T> gh, ConstMatView<T> h, MatView<T> gates,
                     MatView<T> h_new);
template <class T>
void gru_gates_backward_naive(ConstMatView<T> gates, ConstMatView<T> gh_n, ConstMatView<T> h,
                              ConstMatView<T> d, MatView<T> d_gi, MatView<T> d_gh, MatView<T> d_h);

}  // namespace qtot::math
