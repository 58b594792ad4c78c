#include "cluster/launched.h"

#include <cstdlib>

namespace qtot::cluster {

bool is_of_mpirun() {
  return std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr;
}

}  // namespace qtot::cluster
