#include <charconv>
#include <cstdlib>
#include <string_view>

#include "qtot/cluster/mpi.h"

namespace qtot::cluster {
namespace {

// What the launcher wrote under `name`; 0 where that is no number.
int count_in(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return 0;
  const std::string_view digits(text);
  int count = 0;
  const auto [end, trouble] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return trouble == std::errc() && end == digits.data() + digits.size() ? count : 0;
}

}  // namespace

bool started_by_launcher() {
  if (count_in("OMPI_COMM_WORLD_SIZE") > 1) return true;  // mpirun of Open MPI
  // srun --mpi=pmix; a batch script has Slurm's variables, too, but no rank
  if (std::getenv("PMIX_RANK") == nullptr) return false;
  return count_in("SLURM_STEP_NUM_TASKS") > 1 || count_in("SLURM_NTASKS") > 1;
}

}  // namespace qtot::cluster
