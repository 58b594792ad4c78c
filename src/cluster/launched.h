#pragma once

namespace qtot::cluster {

/// Whether mpirun has started this process. Asked before MPI starts, which sets variables of its own.
bool is_of_mpirun();

}  // namespace qtot::cluster
