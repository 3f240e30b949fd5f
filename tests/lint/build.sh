#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds each library in another way, in a folder of its own. Arguments: source root; yes if libk8smesos-io is
# built; options of meson.
set -eu
source=$1 io=$2
shift 2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
targets=k8smesos:shared_library
[ "$io" = yes ] && targets="$targets k8smesos-io:shared_library"
{
  # shellcheck disable=SC2086 # the targets are words
  meson setup "$root/build" "$source" "$@" &&
    meson compile -C "$root/build" -j 2 $targets
} > "$root/log" 2>&1 || { grep -E 'error|Error|FAILED' "$root/log" || tail -50 "$root/log"; exit 1; }
