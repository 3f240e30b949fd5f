#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs into an empty folder, and builds a program against what is there with pkg-config: once with the shared
# libraries, once with the archives. Arguments: source root, build root, C compiler.
set -eu
source=$1 build=$2 cc=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

meson install -C "$build" --no-rebuild --quiet --destdir "$root" > "$root/log" || { cat "$root/log"; exit 1; }
pc=$(find "$root" -name libk8smesos-io.pc)
lib=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH="$lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"

flags=$(pkg-config --cflags --libs libk8smesos-io libk8smesos)
# shellcheck disable=SC2086 # the flags are words
$cc -std=c99 -pedantic -Wall -Werror -o "$root/shared" "$source/tests/lint/consumer.c" $flags
LD_LIBRARY_PATH=$lib "$root/shared"
LD_LIBRARY_PATH=$lib ldd "$root/shared" | grep -q "$lib/libk8smesos-io.so.0"

# The archives need what the shared library brings itself.
others=$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --libs libprotobuf-c yaml-0.1 libpcre2-8)
cflags=$(pkg-config --cflags libk8smesos-io)
# shellcheck disable=SC2086
$cc -std=c99 -o "$root/static" "$source/tests/lint/consumer.c" $cflags "$lib/libk8smesos-io.a" "$lib/libk8smesos.a" $others
"$root/static"

# Nothing but the library and the program is installed.
unknown=$(cd "$root" && find . -type f ! -name 'libk8smesos*' ! -path '*/include/k8smesos/*.h' \
  ! -path '*/bin/km' ! -name shared ! -name static ! -name log)
[ -z "$unknown" ] || { echo "installed as well: $unknown"; exit 1; }
