#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Places the same pods on the same agents, and reads and writes the same messages, by this library and by others,
in one run, in turns.

usage: compare.py BUILD_FOLDER [--seconds N] [fenzo] [mesos-go] [kube-scheduler] [messages-go] [messages-cpp]

BUILD_FOLDER has benchmarks/bench_rival and bench_task (meson setup --buildtype=release). What the others are made
of comes from Maven's and Go's registries, mesos-go from Debian's golang-github-mesos-mesos-go-dev, C++ protobuf
from libprotobuf-dev; one that can't be built is left out, with the reason. Prints NAME, VALUE and UNIT with tabs
between: processor time on one core, the best of several rounds, and how many times as long the other one takes.
It takes some five minutes.
"""
import argparse
import os
import pathlib
import sys
import tempfile
from dataclasses import dataclass

import messages
import workloads
from programs import BUILDERS, Missing, run


@dataclass(frozen=True)
class Case:
    """A workload, how the library places it, and how the other does."""
    rival: str
    mode: str
    strategy: str
    agents: int
    pods: int
    rule: str = "simple"

    @property
    def name(self):
        return f"{self.rival}.{self.mode}.{self.strategy}.{self.rule}.agents_{self.agents}.pods_{self.pods}"


CASES = [
    Case("fenzo", "full", "pack", 10000, 200),
    Case("fenzo", "good-enough", "pack", 10000, 200),
    Case("fenzo", "full", "pack", 10000, 1000),
    Case("mesos-go", "first", "algebra", 10000, 1000),
    Case("mesos-go", "first", "first-fit", 10000, 1000),
    Case("mesos-go", "best", "pack", 10000, 200),
    Case("kube-scheduler", "default", "pack", 5000, 1000),
    Case("kube-scheduler", "default", "pack", 5000, 1000, "node-affinity"),
    Case("kube-scheduler", "default", "pack", 5000, 1000, "anti-affinity"),
    Case("kube-scheduler", "default", "pack", 5000, 1000, "spread"),
    Case("kube-scheduler", "all", "pack", 5000, 1000, "anti-affinity"),
    Case("kube-scheduler", "all", "pack", 5000, 1000, "spread"),
]


def note(text):
    print(text, file=sys.stderr, flush=True)


def measure(command):
    """Seconds and pods placed."""
    seconds, placed = run(command).split()
    return float(seconds), int(placed)


def compare(case, ours, theirs, seconds, folder):
    """Runs ours, theirs, and ours once more; each has to place all pods."""
    path = folder / "workload"
    workloads.write(path, case.agents, case.pods, case.rule)
    own_command = [ours, path, case.strategy]
    first, own_placed = measure(own_command)
    other, placed = measure([*theirs, path, case.mode, str(seconds)])
    own = min(first, measure(own_command)[0])
    if (own_placed, placed) != (case.pods, case.pods):
        raise SystemExit(f"{case.name}: of {case.pods} pods the library places {own_placed}, the other {placed}")
    print(f"{case.name}.ours\t{own * 1e3:.3f}\tms")
    print(f"{case.name}.theirs\t{other * 1e3:.3f}\tms")
    print(f"{case.name}.ratio\t{other / own:.0f}\tx", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Does the same by this library and by others.")
    parser.add_argument("build", type=pathlib.Path, help="folder of a release build")
    parser.add_argument("rivals", nargs="*", metavar="RIVAL", help="of " + ", ".join(BUILDERS) + "; all without")
    parser.add_argument("--seconds", type=float, default=8, help="that a case of another's takes at least")
    options = parser.parse_intermixed_args()
    unknown = set(options.rivals) - set(BUILDERS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: expected some of {', '.join(BUILDERS)}")
    out = options.build.resolve()
    (out / "rivals").mkdir(exist_ok=True)
    commands = {}
    for rival in options.rivals or BUILDERS:
        try:
            commands[rival] = BUILDERS[rival](out / "rivals" / rival)
        except Missing as why:
            note(f"{rival} is left out: {why}")
    note(f"load before: {os.getloadavg()[0]:.1f}, on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder, own = pathlib.Path(name), out / "benchmarks"
        for case in CASES:
            if case.rival in commands:
                compare(case, own / "bench_rival", commands[case.rival], options.seconds, folder)
        for rival in messages.RIVALS:
            if rival in commands:
                messages.compare(rival, own / "bench_task", commands[rival], options.seconds, folder)


if __name__ == "__main__":
    main()
