#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first minutes with libk8smesos, on Debian 12 or a system that resembles it.
#
#   doc/quickstart.sh run      installs what is missing, builds, runs doc/examples/nginx.yaml on the embedded Mesos
#   doc/quickstart.sh test     installs what is missing, builds, runs the whole suite
#
# Options for Meson may stand in MESON_OPTIONS; BUILD names another build folder than build/.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$root/build}
PATH=$PATH:/usr/local/go/bin

# Who needs it (run: to build; test: for the suite; more: for parts of the suite that can be left out), the
# Debian package, a command that does instead if it is there already ("-": none), and what it is for.
packages() {
  cat <<'TABLE'
run   gcc                  gcc         the C compiler
run   libc6-dev            -           the C library's headers
run   meson                meson       configures the build
run   ninja-build          ninja       builds
run   pkg-config           pkg-config  finds the libraries
run   libprotobuf-c-dev    -           reads and writes Mesos' protobuf
run   protobuf-c-compiler  protoc-c    makes C of mesos.proto
run   libprotobuf-dev      -           descriptor.proto, which protobuf-c's own options build on
run   libyaml-dev          -           reads YAML
run   libpcre2-dev         -           regular expressions, with limits
run   libjansson-dev       -           JSON documents in km
run   node-llhttp          -           the HTTP/1.1 parser's C source, for libk8smesos-io and km
test  libcmocka-dev        -           unit tests
test  python3              python3     the Python binding's tests, lint tests
more  protobuf-compiler    protoc      reads the calls to Mesos, as a second opinion
more  patch                patch       makes the mistakes that the simulation must find
more  gcovr                gcovr       counts the branches that tests reach, for CI
more  binutils             nm          the tests of exported symbols
more  g++                  g++         the headers as C++
more  golang-go            go          the Go binding's tests, and from 1.26 on those beside Kubernetes' own code
more  golang-github-mesos-mesos-go-dev  -  a Mesos framework no one here wrote, against the embedded Mesos
TABLE
}

say() {
  printf '%s\n' "$*"
}

die() {
  say "quickstart: $*" >&2
  exit 1
}

is_installed() { # PACKAGE COMMAND
  if [ "$2" != - ] && command -v "$2" >/dev/null 2>&1; then return 0; fi
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing() { # KIND...: names of packages
  packages | while read -r kind package command _; do
    case " $* " in *" $kind "*) is_installed "$package" "$command" || printf '%s ' "$package" ;; esac
  done
}

reasons() { # PACKAGE...
  packages | while read -r _ package _ reason; do
    case " $* " in *" $package "*) say "  $package: $reason" ;; esac
  done
}

# Installs what is missing, or says what that is. Parts of the suite that lack something are left out.
prepare() { # KIND...
  if ! command -v dpkg-query >/dev/null 2>&1; then
    say "This is no Debian system: the build looks for what it needs itself. On Debian 12 that would be:"
    reasons "$(packages | while read -r _ package _; do printf '%s ' "$package"; done)"
    return 0
  fi
  needed=$(missing run "$@")
  wished=
  case " $* " in *" test "*) wished=$(missing more) ;; esac
  [ -n "$needed$wished" ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    install_packages
  elif [ -n "$needed" ]; then
    say "These packages are missing:"
    reasons "$needed"
    die "install them and start again:  apt-get install --no-install-recommends $needed"
  fi
  left_out=
  case " $* " in *" test "*) left_out=$(missing more) ;; esac
  [ -z "$left_out" ] && return 0
  say "Not found, and therefore left out:"
  reasons "$left_out"
}

install_packages() {
  say "Installing: $needed$wished"
  installed=1
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || say "quickstart: the package lists could not be renewed; going on with those that are there"
  # What can be left out comes one by one, so that a package that is not to be had holds up no other.
  for package in $wished; do
    # shellcheck disable=SC2086
    apt-get install -qq -y --no-install-recommends "$package" >/dev/null || say "quickstart: no $package"
  done
  [ -z "$needed" ] && return 0
  # shellcheck disable=SC2086
  apt-get install -qq -y --no-install-recommends $needed >/dev/null ||
    die "apt-get could not install:  $needed"
}

compile() {
  # shellcheck disable=SC2086
  if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$root" ${MESON_OPTIONS:-} || die "the build could not be configured, see above"
  elif [ -n "${installed:-}" ]; then
    meson setup --reconfigure "$build" "$root" ${MESON_OPTIONS:-} || die "the build could not be configured, see above"
  fi
  meson compile -C "$build" || die "the build failed, see above"
}

run_nginx() {
  km=$build/src/km/km
  state=$build/quickstart
  [ -x "$km" ] || die "km was not built: $build/meson-logs/meson-log.txt says what it did not find"
  if [ -d "$state" ] && "$km" get --state="$state" >/dev/null 2>&1; then
    say "Stopping the pods of the last time."
    "$km" delete --all --state="$state" || die "the pods of the last time could not be stopped"
  fi
  say ""
  "$km" run --detach --state="$state" -f "$root/doc/examples/nginx.yaml" || die "the pod does not run, see above"
  say ""
  say "The pod runs on a Mesos inside km, which simulates containers. Go on with"
  say "  $km get --state=$state"
  say "  $km delete --all --state=$state"
  say "  $km --help"
}

run_tests() {
  if [ ! -d "$root/../shared" ]; then
    say "There is no ${root%/*}/shared: the tests on recordings of a real Mesos and Kubernetes are skipped."
  fi
  code=0
  # shellcheck disable=SC2086
  meson test -C "$build" --print-errorlogs ${TEST_OPTIONS:-} || code=$?
  return $code
}

case ${1:-} in
run)
  prepare
  compile
  run_nginx
  ;;
test)
  prepare test
  compile
  run_tests
  ;;
*)
  sed -n '3,8s/^# \{0,1\}//p' "$0"
  [ "${1:-}" = --help ] || exit 64
  ;;
esac
