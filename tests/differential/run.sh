#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the oracle, from Kubernetes' own modules, and compares it with this library.
# usage: run.sh SUBJECT SOURCE_FOLDER BUILD_FOLDER FIELDS_DEF MANIFESTS [SECONDS]
subject=$(realpath "$1")
source=$2
build=$3
fields=$4
manifests=$5
seconds=${6:-90}
needed=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' "$source/oracle/go.mod")

skip() {
  echo "skipped: $*"
  exit 77
}

PATH=$PATH:/usr/local/go/bin
export GOTOOLCHAIN=local # a Go that is too old would fetch another one
export GOFLAGS=-mod=readonly
command -v go >/dev/null || skip "no go"
found=$(go env GOVERSION | sed 's/^go//')
oldest=$(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1)
[ "$oldest" = "$needed" ] || skip "go is $found, Kubernetes' modules need $needed"

# Fetches the modules that are needed and not here yet, and nothing else.
wrong=$(cd "$source/oracle" && timeout 900 go list -deps . 2>&1 >/dev/null) ||
  skip "Kubernetes' modules are not to be had: $(printf '%s' "$wrong" | tail -n 1)"
(cd "$source/oracle" && go build -o "$build/oracle" .) || exit 1
exec python3 "$source/compare.py" "$build/oracle" "$subject" "$fields" "$source/differences.def" \
  --manifests "$manifests" --seconds "$seconds"
