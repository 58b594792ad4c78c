# What the checks of this folder share: counting laws, reading fingerprints, and finding the processes
# that a check started. Sourced by them, after `set -euo pipefail`.

n_passed=0
n_failed=0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# refuse SENTENCE: the check cannot run here
refuse() {
  echo "$(basename "$0"): $*" >&2
  exit 2
}

# require PROGRAM PACKAGE ...: refuses unless each program is there
require() {
  while (($# > 0)); do
    PATH=$PATH:/usr/sbin:/sbin command -v "$1" > /dev/null ||
      refuse "'$1' is missing; it comes with the Debian package $2 (apt-get install $2)"
    shift 2
  done
}

# program_of ARGUMENT: the absolute path of the program to check
program_of() {
  [[ -f $1 && -x $1 ]] || refuse "'$1' is no program: expected the path of qtot"
  realpath "$1"
}

# All that a check starts inherits this line of the environment, across mpirun, daemons and agents; the
# shell that exports it does not show it in /proc.
mark_processes() {
  export QTOT_CHECK_ID="$$-$(date +%s%N)"
}

# marked [LINE...]: ids of the living processes of this check whose environment has all the lines as
# well. A zombie has no environment.
marked() {
  local file line pid
  for file in /proc/[0-9]*/environ; do
    for line in "QTOT_CHECK_ID=$QTOT_CHECK_ID" "$@"; do
      grep -qzxF -e "$line" "$file" 2> /dev/null || continue 2
    done
    pid=${file#/proc/} pid=${pid%/environ}
    echo "$pid"
  done
}

# marked_programs NAME: of those, the ones that run the program of that name
marked_programs() {
  local pid
  for pid in $(marked); do
    [[ $(readlink "/proc/$pid/exe" 2> /dev/null) != "$1" ]] || echo "$pid"
  done
}

# wait_for SECONDS COMMAND...: true as soon as the command is
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

none_marked() { [[ -z $(marked) ]]; }

# Ends whatever is left of this check: first politely, then for certain.
end_processes() {
  local pids
  for signal in TERM KILL; do
    mapfile -t pids < <(marked)
    ((${#pids[@]} > 0)) || return 0
    kill -$signal "${pids[@]}" 2> /dev/null || true
    wait_for 5 none_marked || true
  done
}

# fingerprint FOLDER: of the newest checkpoint of the run, or the word none
fingerprint() {
  local found
  found=$(unlaunched "$program" digest "$1" 2> /dev/null | awk '$1 == "fingerprint" {print $2}')
  echo "${found:-none}"
}

# unlaunched COMMAND...: without the variables of a launcher, as a single process
unlaunched() {
  env -u OMPI_COMM_WORLD_SIZE -u PMIX_RANK -u SLURM_NTASKS "$@"
}

# law NAME EXPECTED FOUND: one line of result
law() {
  if [[ $2 == "$3" ]]; then
    n_passed=$((n_passed + 1))
    echo "ok       $1"
  else
    n_failed=$((n_failed + 1))
    echo "FAILED   $1: expected $2, found $3"
  fi
}

# The last line, and the exit code as the value of the function.
verdict() {
  echo "$n_passed passed, $n_failed failed"
  ((n_failed == 0 && n_passed > 0))
}
