#include "qtot/sweep/launcher.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <thread>

namespace qtot::sweep {
namespace {

// Of Open MPI, of its runtime and of what mpirun stands on, and of the tasks of a step of srun. What
// Slurm sets for the job, like SLURM_JOB_ID, stays.
constexpr std::array<std::string_view, 13> kPrefixes = {
    "OMPI_",      "PMIX_",         "PMI_",           "PMI2_",        "ORTE_",
    "PRTE_",      "SLURM_STEP",    "SLURM_NTASKS",   "SLURM_NPROCS", "SLURM_PROCID",
    "SLURM_PMIX", "SLURM_LOCALID", "SLURM_MPI_TYPE",
};

bool is_set(const char* name) {
  return std::getenv(name) != nullptr;
}

// 0 for what is no number.
int number_in(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return 0;
  const std::string_view digits(text);
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

}  // namespace

Launch launch() {
  if (is_set("OMPI_COMM_WORLD_SIZE")) {
    return number_in("OMPI_COMM_WORLD_SIZE") > 1 ? Launch::kRanks : Launch::kAlone;
  }
  // only srun sets the latter: the script of a job is no task of a step
  const bool is_task_of_many = number_in("SLURM_STEP_NUM_TASKS") > 1;
  if (is_set("PMIX_RANK") && (is_task_of_many || number_in("SLURM_NTASKS") > 1)) {
    return Launch::kRanks;
  }
  return is_task_of_many ? Launch::kUnrelated : Launch::kAlone;
}

int n_ranks_here() {
  if (launch() != Launch::kRanks) return 1;
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE"}) {
    if (const int n = number_in(name); n > 0) return n;
  }
  return 1;
}

Parent::Parent() : pid_(::getppid()) {}

bool Parent::is_gone() const {
  return ::getppid() != pid_;
}

bool is_set_by_launcher(std::string_view name) {
  return std::ranges::any_of(kPrefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<std::string> environment_of_runs() {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!is_set_by_launcher(text.substr(0, text.find('=')))) kept.emplace_back(text);
  }
  return kept;
}

unsigned n_usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof(cores), &cores) != 0) {  // a machine of more than 1024 cores
    return std::max(1U, std::thread::hardware_concurrency());
  }
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&cores)));
}

unsigned n_usual_threads(int n_ranks_here) {
  const unsigned n_cores = n_usable_cores();
  const unsigned n_all = std::max(n_cores, std::thread::hardware_concurrency());
  return std::clamp(n_all / static_cast<unsigned>(n_ranks_here), 1U, n_cores);
}

}  // namespace qtot::sweep
