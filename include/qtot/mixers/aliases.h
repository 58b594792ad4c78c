#pragma once

#include <string>

namespace qtot::mixers {

/// The name that qmix and its ablations give to the tensor that PyMARL calls `peer_name`, with or
/// without the leading "mixer.":
///
///   hyper_w_1[.0|.2].x       hyper_w1[.0|.2].x        x = weight, bias; PyMARL's hypernetworks of one
///   hyper_w_final[.0|.2].x   hyper_w2[.0|.2].x        layer have no index, ours have .0
///   hyper_b_1.x              hyper_b1.0.x
///   V.0.x, V.2.x             hyper_b2.0.x, hyper_b2.2.x
///
/// Any other name comes back as it is: PyMARL2's are ours. A mixer that itself has tensors called V or
/// hyper_w_final must be asked first (ParamLayout::find).
std::string canonical_name(const std::string& peer_name);

}  // namespace qtot::mixers
