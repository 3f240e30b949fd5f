#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the library makes of generated resources, beside what mesos-go does.
# usage: mesos_go_resources.sh CASES SOURCE_FOLDER
cases=$1
source=$2
gopath=/usr/share/gocode # where Debian's golang-*-dev packages are

command -v go >/dev/null || { echo "skipped: no go"; exit 77; }
[ -d $gopath/src/github.com/mesos/mesos-go ] || { echo "skipped: no golang-github-mesos-mesos-go-dev"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$source" && GO111MODULE=off GOPATH=$gopath GOFLAGS= go build -o "$work/compare" main.go) || exit 1
"$cases" >"$work/cases" || exit 1
"$work/compare" <"$work/cases"
