#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds each library as one translation unit: names of static functions, types and macros must not meet.
# Arguments: source root; yes if libk8smesos-io is built.
set -eu
source=$1 io=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
targets=k8smesos:shared_library
[ "$io" = yes ] && targets="$targets k8smesos-io:shared_library"
{
  # shellcheck disable=SC2086 # the targets are words
  meson setup "$root/build" "$source" -Dbuildtype=plain -Dunity=on -Dunity_size=1000 &&
    meson compile -C "$root/build" -j 2 $targets
} > "$root/log" 2>&1 || { grep -E 'error|Error|FAILED' "$root/log" || tail -50 "$root/log"; exit 1; }
