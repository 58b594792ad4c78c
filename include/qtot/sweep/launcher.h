#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What mpirun and srun tell the processes that they start: in their environment.
namespace qtot::sweep {

/// Every process of a job of several ranks finds itself in one of these.
enum class Launch {
  kAlone,      // one process, whoever started it
  kRanks,      // one of several ranks that can find each other
  kUnrelated,  // one of several tasks of srun that cannot: PMIx is missing
};
Launch launch();

/// How many of the job's ranks run on this machine, itself included, as far as the launcher says; 1 alone.
int n_ranks_here();

/// The process that started this one.
class Parent {
 public:
  Parent();
  bool is_gone() const;

 private:
  int pid_;
};

/// "NAME=value" of this process, without what launchers set for the ranks of a job: a run of a sweep is a
/// process of its own and joins no job.
std::vector<std::string> environment_of_runs();

/// The rule behind it, for one name.
bool is_set_by_launcher(std::string_view name);

/// The cores that this process may use: what taskset, mpirun or Slurm bound it to.
unsigned n_usable_cores();

/// How many threads a process has that was not told: its cores, shared with the ranks beside it.
unsigned n_usual_threads(int n_ranks_here = qtot::sweep::n_ranks_here());

}  // namespace qtot::sweep
