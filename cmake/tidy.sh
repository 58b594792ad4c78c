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

# Each source by itself: without the headers that a build precompiles for all (QtotPrecompiled.cmake).
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
sed -E 's/ -Winvalid-pch -include [^ ]+//' "$build/compile_commands.json" > "$commands/compile_commands.json"

mapfile -t units < <(git ls-files 'src/*.cpp' 'envs/*.cpp')

# Without the wide scalar, whose headers take longer than the rest, where a source does not name it: its
# code is the other scalars' code.
tidy() {
  local arguments=(--quiet -p "$1" --extra-arg=-Wno-unknown-warning-option)
  grep -qE 'Wide|QTOT_WIDE' "$2" || arguments+=(--extra-arg=-UQTOT_WIDE)
  clang-tidy "${arguments[@]}" "$2" 2>/dev/null
}
export -f tidy
printf '%s\n' "${units[@]}" |
  xargs --max-procs="$(nproc)" -I{} bash -c 'tidy "$1" "$2"' tidy "$commands" {}
echo "clang-tidy: ${#units[@]} files without a finding"
