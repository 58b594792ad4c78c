#!/usr/bin/env bash
# The form of the sources: clang-format over everything, then clang-tidy over src/ and envs/ with the
# compile commands of a configured build tree.
#   cmake/tidy.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# != 1)) || [[ ! -f $1/compile_commands.json ]]; then
  echo "usage: cmake/tidy.sh BUILD_DIR, a build tree with compile_commands.json (cmake --preset release)" >&2
  exit 2
fi
readonly build=$1

mapfile -t sources < <(git ls-files '*.h' '*.cpp' '*.inl')
clang-format --dry-run -Werror "${sources[@]}"
echo "clang-format: ${#sources[@]} files as it would write them"

mapfile -t sources < <(git ls-files 'src/*.cpp' 'envs/*.cpp')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 cmake/joined_sources.py "$build" "$folder" "${sources[@]}" > "$folder/units"
[[ -s $folder/units ]]

# the files that include sources are ours, and lie where no .clang-tidy is found
check() {
  clang-tidy --quiet -p "$1" --config-file=.clang-tidy --checks=-bugprone-suspicious-include "$2" 2>/dev/null
}

# tidy FOLDER UNIT SOURCE...: the sources one by one where their unit does not compile
tidy() {
  local findings folder=$1 unit=$2 source status=0
  shift 2
  findings=$(check "$folder" "$unit") || status=$?
  if (($# > 0)) && [[ $findings == *clang-diagnostic-error* ]]; then
    echo "$*: not to be joined, so each alone"
    status=0 findings=
    for source in "$@"; do findings+=$(check "$folder" "$source") || status=$?; done
  fi
  [[ -z $findings ]] || echo "$findings"
  return "$status"
}
export -f check tidy
xargs --max-procs="$(nproc)" -d '\n' -I{} bash -c 'read -ra unit <<< "$2"; tidy "$1" "${unit[@]}"' tidy "$folder" {} \
  < "$folder/units"
echo "clang-tidy: ${#sources[@]} files without a finding"
