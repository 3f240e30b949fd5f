#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A framework on mesos-go runs its tasks to the end against `km local`, by protobuf and by JSON.
# usage: mesos_go.sh KM SOURCE_FOLDER
km=$1
source=$2
gopath=/usr/share/gocode # where Debian's golang-*-dev packages are

command -v go >/dev/null || { echo "skipped: no go"; exit 77; }
[ -d $gopath/src/github.com/mesos/mesos-go ] || { echo "skipped: no golang-github-mesos-mesos-go-dev"; exit 77; }

work=$(mktemp -d)
trap 'kill $pid 2>/dev/null; rm -rf "$work"' EXIT
(cd "$source" && GO111MODULE=off GOPATH=$gopath GOFLAGS= go build -o "$work/framework" main.go) || exit 1

"$km" local --port=0 --agents=2 >"$work/local" &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  master=$(sed -n 's|.*http://\([0-9.:]*\)/.*|\1|p' "$work/local")
  [ -n "$master" ] && break
  sleep 0.2
done
[ -n "$master" ] || { echo "km local did not start"; exit 1; }

"$work/framework" -master "$master" || exit 1
"$work/framework" -master "$master" -json || exit 1
