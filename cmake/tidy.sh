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
mapfile -t units < <(python3 cmake/joined_sources.py "$build" "$folder" "${sources[@]}")
((${#units[@]} > 0))

tidy() {
  # the one file that includes sources is ours
  clang-tidy --quiet -p "$1" --checks=-bugprone-suspicious-include "$2" 2>/dev/null
}
export -f tidy
printf '%s\n' "${units[@]}" |
  xargs --max-procs="$(nproc)" -I{} bash -c 'tidy "$1" "$2"' tidy "$folder" {}
echo "clang-tidy: ${#sources[@]} files without a finding"
