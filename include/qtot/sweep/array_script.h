#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

/// A sweep as an array of Slurm jobs.
namespace qtot::sweep {

struct ArrayRequest {
  std::string job_name = {};
  std::filesystem::path folder = {};  // where the command was given: relative paths begin there
  std::filesystem::path program = {};
  std::vector<std::string> arguments = {};    // of a task, without `--part`
  std::vector<std::string> assignments = {};  // behind `with`
  std::size_t n_parts = 1;                    // tasks: 1 .. n_parts
  std::size_t n_at_once = 0;                  // 0: as many as there is room for
  unsigned n_threads = 1;
};

/// The script for sbatch. Its tasks go on where they were stopped, and queue themselves again when they have
/// to make way. Whatever characters the texts hold, the shell hands them on as they are.
std::string array_script(const ArrayRequest& request);

/// As one word of a shell.
std::string shell_quoted(const std::string& word);

/// Slurm takes no higher number of a task as it comes (MaxArraySize = 1001).
inline constexpr std::size_t kMaxParts = 1000;

}  // namespace qtot::sweep
