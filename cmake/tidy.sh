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

mapfile -t units < <(git ls-files 'src/*.cpp' 'envs/*.cpp')
printf '%s\n' "${units[@]}" |
  xargs --max-procs="$(nproc)" --max-args=1 clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option 2>/dev/null
echo "clang-tidy: ${#units[@]} files without a finding"
