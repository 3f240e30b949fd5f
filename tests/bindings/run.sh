#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a binding's test, or says what it lacks and exits 77 (skipped).
# usage: run.sh layout|python|go   with SOURCE, BUILD, LIBRARY, CC and SANITIZE in the environment
set -eu

skip() {
  echo "skipped: $*"
  exit 77
}

[ "$SANITIZE" = none ] || skip "the library is built with $SANITIZE, which a foreign program can't load"
export K8SMESOS_LIBRARY="$LIBRARY" PYTHONPATH="$SOURCE/bindings/python" PYTHONDONTWRITEBYTECODE=1

case $1 in
layout | python)
  command -v python3 >/dev/null || skip "there is no python3"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' || skip "python3 is older than 3.9"
  ;;
go)
  export PATH="$PATH:/usr/local/go/bin"
  command -v go >/dev/null || skip "there is no go"
  command -v pkg-config >/dev/null || skip "there is no pkg-config"
  [ "$(go env CGO_ENABLED)" = 1 ] || skip "go is set to build without cgo"
  ;;
esac

case $1 in
layout)
  export INCLUDE="$SOURCE/include" SCRATCH="$BUILD/tests/bindings"
  # CC may be several words.
  # shellcheck disable=SC2086
  exec python3 "$SOURCE/tests/bindings/layout.py" $CC
  ;;
python)
  exec python3 "$SOURCE/tests/bindings/flow.py" "$SOURCE/tests/golden"
  ;;
go)
  export PKG_CONFIG_PATH="$BUILD/meson-uninstalled" CGO_CFLAGS="-I$SOURCE/include -O1" LD_LIBRARY_PATH="${LIBRARY%/*}"
  export GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
  [ -n "${HOME:-}" ] || export GOCACHE="$BUILD/tests/bindings/go"
  export K8SMESOS_GOLDEN="$SOURCE/tests/golden"
  cd "$SOURCE/bindings/go"
  unformatted=$(gofmt -l .)
  [ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; exit 1; }
  go vet .
  exec go test -count=1 .
  ;;
esac
