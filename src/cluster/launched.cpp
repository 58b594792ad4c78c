#include "cluster/launched.h"

#include <mpi.h>

#include <cstdlib>

namespace qtot::cluster {

bool is_of_mpirun() {
  return std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr;
}

}  // namespace qtot::cluster

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// Asked at the end of a process whether to look for leaks: Open MPI leaves many, in modules that are gone
// by then, so that no list of names could tell them from ours.
extern "C" int __lsan_is_turned_off() {
  int is_initialised = 0;
  MPI_Initialized(&is_initialised);
  return is_initialised;
}
#endif
#endif
