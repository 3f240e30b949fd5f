#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Branch coverage of the state machines: runs what tests them in a build of its own, prints a table for each folder and
# the files that are weakest, and fails where a folder has less than 95 %, or a test fails. What is behind a failed
# allocation counts like all else: the sweeps that let allocations fail run, too. The sums are left in
# BUILD/coverage.json.
# usage: tests/coverage.sh [BUILD]     (BUILD is made where there is none; default: build-coverage)
set -eu
folders="src/status src/driver src/control"
suites="unit sim oom fuzz"
least=95
source=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$source/build-coverage}

for tool in gcovr python3; do
  command -v $tool >/dev/null || { echo "skipped: there is no $tool"; exit 77; }
done
[ -d "$build" ] || meson setup "$build" "$source" -Db_coverage=true --buildtype=debug

# The programs of those suites, and nothing else.
meson introspect "$build" --tests | python3 -c '
import json, os, sys
build, suites = os.path.realpath(sys.argv[1]), set(sys.argv[2:])
for test in json.load(sys.stdin):
    if suites & {suite.split(":")[-1] for suite in test["suite"]}:
        program = os.path.realpath(test["cmd"][0])
        if program.startswith(build): print(os.path.relpath(program, build))
' "$build" $suites | sort -u | xargs ninja -C "$build"
find "$build" -name '*.gcda' -delete
# Of sources that are there no more nothing is to be read.
find "$build" -name '*.gcno' | while read -r notes; do [ -f "${notes%.gcno}.o" ] || rm "$notes"; done
rm -f "$build/coverage.json"
# In turns: two programs at once would write to the same counters.
failed=0
meson test -C "$build" --no-rebuild --num-processes 1 --timeout-multiplier 10 --print-errorlogs \
  $(for suite in $suites; do echo "--suite $suite"; done) || failed=1

gcovr --root "$source" "$build/src" $(for folder in $folders; do echo "--filter $source/$folder/"; done) \
  --json-summary "$build/coverage-files.json" >/dev/null
python3 - "$build" "$least" $folders <<'PYTHON' || failed=1
import json
import sys

build, least, folders = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
with open(build + "/coverage-files.json") as text:
    files = json.load(text)["files"]


def line(name, covered, total):
    return f"{name:40} {covered:6} of {total:6}  {100 * covered / total if total else 100:5.1f} %"


sums, weak = {}, []
for folder in folders:
    rows = [(f["filename"], f["branch_covered"], f["branch_total"]) for f in files
            if f["filename"].startswith(folder + "/")]
    print(f"\n== Branches of {folder}")
    print(*(line(*row) for row in sorted(rows)), sep="\n")
    covered, total = (sum(row[i] for row in rows) for i in (1, 2))
    sums[folder] = {"covered": covered, "total": total, "enough": total > 0 and 100 * covered >= least * total}
    weak += [row for row in rows if row[2]]
print("\n== The weakest ten")
print(*(line(*row) for row in sorted(weak, key=lambda row: row[1] / row[2])[:10]), sep="\n")
print(f"\n== In all ({least:g} % are asked for)")
for folder, of in sums.items():
    print(line(folder, of["covered"], of["total"]), "" if of["enough"] else " too little")
with open(build + "/coverage.json", "w") as text:
    json.dump(sums, text)
sys.exit(not all(of["enough"] for of in sums.values()))
PYTHON
exit $failed
