#include "qtot/sweep/array_script.h"

#include <algorithm>
#include <string_view>

namespace qtot::sweep {
namespace {

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("._=+-/,:@%").find(c) != std::string_view::npos;
}

// A line for sbatch is no shell: no quotes there.
std::string plain_name(const std::string& name) {
  std::string plain;
  for (const char c : name) plain += is_plain(c) && c != '%' && c != '/' ? c : '_';
  return plain;
}

std::string head(const ArrayRequest& request) {
  std::string array = "1-" + std::to_string(request.n_parts);
  if (request.n_at_once > 0) array += "%" + std::to_string(request.n_at_once);
  return "#!/bin/bash\n"
         "#SBATCH --job-name=" +
         plain_name(request.job_name) +
         "\n"
         "#SBATCH --array=" +
         array +
         "\n"
         "#SBATCH --nodes=1\n"
         "#SBATCH --ntasks=1\n"
         "#SBATCH --cpus-per-task=" +
         std::to_string(request.n_threads) +
         "\n"
         "#SBATCH --requeue\n"
         "#SBATCH --open-mode=append\n"
         "#SBATCH --signal=B:TERM@120\n"
         "# Partition, time, memory and account are given to sbatch; what is given there also goes "
         "before\n"
         "# what stands here. 120 seconds before its time is over a run writes a checkpoint.\n";
}

// wait returns early at a signal; when none came meanwhile, the exit code is that of qtot.
constexpr char kTail[] = R"(child=
signals=0
trap 'signals=$((signals + 1)); [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM
train &
child=$!
[ "$signals" = 0 ] || kill -TERM "$child"
seen=-1
while [ "$seen" != "$signals" ]; do
  seen=$signals
  wait "$child"
  code=$?
done

# Stopped with a checkpoint (75), or before it had begun (143), and not cancelled: once more, from there.
task=${SLURM_ARRAY_JOB_ID-}_$SLURM_ARRAY_TASK_ID
if [ "$code" = 75 ] || [ "$code" = 143 ]; then
  state=$(squeue --noheader --format=%T --jobs="$task" 2>/dev/null)
  [ "$state" != RUNNING ] || scontrol requeue "$task"
fi
exit "$code"
)";

}  // namespace

std::string shell_quoted(const std::string& word) {
  if (!word.empty() && std::ranges::all_of(word, &is_plain)) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string array_script(const ArrayRequest& request) {
  std::string script = head(request) + "\n: \"${SLURM_ARRAY_TASK_ID:?is set by sbatch}\"\n";
  script += "cd -- " + shell_quoted(request.folder.string()) + " || exit 2\n";
  script += "qtot=(" + shell_quoted(request.program.string()) + ")\n\n";
  script += "train() {\n  exec \"${qtot[@]}\" sweep --part=\"$SLURM_ARRAY_TASK_ID/" +
            std::to_string(request.n_parts) + "\"";
  for (const std::string& word : request.arguments) script += " \\\n    " + shell_quoted(word);
  if (!request.assignments.empty()) script += " \\\n    with";
  for (const std::string& word : request.assignments) script += " \\\n    " + shell_quoted(word);
  return script + "\n}\n\n" + kTail;
}

}  // namespace qtot::sweep
