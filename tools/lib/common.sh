# What the tools share; sourced, never run. Sets `root`, the top of the checkout, and goes there.
set -euo pipefail

self=$(readlink -f "$0")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

# Debian's modules belong to this one; another python3 may come first in PATH.
PYTHON=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

# Everything that people run or measure is built the same way, so that nothing is built twice.
RELEASE=--config=release

# Output bases of their own for builds with other compilers and flags: changing those in place rebuilds everything.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/culvert/$(printf '%s' "$root" | cksum | cut -d' ' -f1)

say() { printf '==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$1" >&2; exit "${2:-1}"; }

# Prints the comment at the head of the script that called, as its help.
show_help() { sed -n '2,/^[^#]/{ /^#/!d; s/^# \{0,1\}//; p }' "$self"; }

# bazel_in NAME COMMAND ARGS...: Bazel in an output base of its own; its links are $cache/NAME-bin and so on.
bazel_in() {
  local name=$1 command=$2
  shift 2
  mkdir -p "$cache"
  bazel --output_base="$cache/$name" "$command" --symlink_prefix="$cache/$name-" "$@"
}
