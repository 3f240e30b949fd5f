#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the oracle, from Kubernetes' own modules, and lets a script compare it with this library.
# usage: run.sh SOURCE_FOLDER BUILD_FOLDER SCRIPT SUBJECT [ARGUMENT...]
source=$1
build=$2
script=$3
subject=$(realpath "$4")
shift 4
oracle=$build/oracle.${script%.py} # one of its own, so that tests may run side by side
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
(cd "$source/oracle" && go build -o "$oracle" .) || exit 1
exec python3 "$source/$script" "$oracle" "$subject" "$@"
