#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds a throw-away project that has this one under subprojects/, and runs its program. Arguments: source root.
set -eu
source=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir "$root/subprojects"
ln -s "$source" "$root/subprojects/libk8smesos"
cp "$source/tests/lint/consumer.c" "$root/main.c"
cat > "$root/meson.build" <<'END'
project('host', 'c')
io = dependency('libk8smesos-io', fallback : ['libk8smesos', 'k8smesos_io_dep'])
core = dependency('libk8smesos', fallback : ['libk8smesos', 'k8smesos_dep'])
test('main', executable('main', 'main.c', dependencies : [io, core]))
END
{
  meson setup "$root/build" "$root" -Dbuildtype=plain --wrap-mode=forcefallback &&
    meson test -C "$root/build" --num-processes 2
} > "$root/log" 2>&1 || { tail -50 "$root/log"; exit 1; }
# Tests and the program are the main project's only.
if find "$root/build" -type f '(' -name 'test_*' -o -name km ')' | grep -q .; then
  echo "a subproject builds more than the library"
  exit 1
fi
