#pragma once

#include "qtot/arrays/npz.h"
#include "qtot/oracle/comparison.h"

namespace qtot::oracle {

/// Unit files hold inputs and results of one part alone, without a batch. What lies in a file says which
/// part it is; its name says nothing. `*` is f32 or f64.
///
/// | part          | inputs                                 | compared                                    |
/// |---------------|----------------------------------------|---------------------------------------------|
/// | GRU cell      | in/x, h, grad_out; param/...           | */out, grad_x, grad_h, grad/...; the same   |
/// |               |                                        | below */seq5/: five steps of the same input |
/// | functions     | in/x, grad_out; param/layernorm...     | */<function>/out, grad_x                    |
/// | lambda-return | i/in/rewards, terminated, mask, ...    | i/*/td_lambda, q_lambda                     |
/// | optimiser     | i/in/p<k>, g<step>_<k>                 | i/*/p<k>_after1, 5, 10; state after 10      |
/// | clipping      | i/in/g<k>                              | i/*/norm, clipped<k>                        |
/// | mixer         | in/agent_qs, state, grad_out; param/...| */q_tot, grad_agent_qs, grad/...            |
/// | schedules,    | in/t, tree_values, mass                | f64/linear, exp, tree_sum, tree_min, idx,   |
/// | segment tree  |                                        | sum_0_n-1, in double whatever the dtype     |
///
/// i counts the entries of `meta`'s `cases`. Functions and clipped gradients are compared each number for
/// itself: within the bound of its tensor and, as a value, of a tensor that it alone makes up. Indices
/// (idx) must be equal.

/// True when the content is that of a unit file, complete or not.
bool is_unit_file(const arrays::Npz& file);

/// Runs qtot's own cell, mixer, optimiser, ... on the inputs and compares with what is stored, in
/// dataflow order, by names without the dtype: "seq5/grad/weight_hh", "2/p0_after5". A wide run is
/// compared with the outputs in double, by their rule, and the report says f64. An output that is not
/// stored is a difference. Throws Error, naming file and member, for an input that is missing or does
/// not fit, for a configuration that qtot does not know and for a member that it does not.
///
/// PyTorch's float runs of optimisers and clipping worked in place on the arrays that were saved as
/// inputs. Where in/p is what the float run ended with, its beginning is computed from that; where in/g
/// is what it clipped, the gradient before is computed from the stored norm, which then nothing checks.
Report check_unit(const arrays::Npz& file, Dtype dtype, const PassRule& rule = {});

}  // namespace qtot::oracle
