#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Branch coverage of the state machines, src/status and src/driver: runs what tests them in a build of its own, and
# fails below 93 %. What is behind a failed allocation counts like all else.
# usage: tests/coverage.sh [BUILD]     (BUILD is made where there is none; default: build-coverage)
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$source/build-coverage}

command -v gcovr >/dev/null || { echo "skipped: there is no gcovr"; exit 77; }
[ -d "$build" ] || meson setup "$build" "$source" -Db_coverage=true --buildtype=debug
ninja -C "$build"
find "$build" -name '*.gcda' -delete
# In turns: two programs at once would write to the same counters.
meson test -C "$build" --no-rebuild --num-processes 1 --timeout-multiplier 10 --suite unit --suite sim --suite oom --suite fuzz
gcovr --root "$source" "$build" --filter "$source/src/status/" --filter "$source/src/driver/" --txt-metric branch \
  --fail-under-branch 93
