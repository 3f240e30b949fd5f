# SPDX-License-Identifier: Apache-2.0
"""The same Mesos messages, read and written by this library and by others."""
from programs import run

RIVALS = ("messages-go", "messages-cpp")
# What others measure, and what the library has for it.
OURS = {"offers.decode.mb_per_s": "offers.decode.mb_per_s", "offers.decode.arena.mb_per_s": "offers.decode.mb_per_s",
        "task.encode.ns": "task.encode.ns", "update.answer.ns": "update.answer.ns"}


def measure(command):
    """What a program prints, by name: value and unit."""
    rows = (line.split("\t") for line in run(command).splitlines())
    return {name: (float(value), unit) for name, value, unit in rows}


def better(unit, one, other):
    return max(one, other) if unit == "MB/s" else min(one, other)


def compare(rival, ours, theirs, seconds, folder):
    """Runs ours, which leaves the messages in the folder, theirs, and ours once more."""
    first = measure([ours, folder])
    others = measure([*theirs, folder, str(seconds)])
    last = measure([ours, folder])
    for name, (other, unit) in others.items():
        own = better(unit, first[OURS[name]][0], last[OURS[name]][0])
        case, _, _ = name.rpartition(".")
        print(f"{rival}.{case}.ours\t{own:.1f}\t{unit}")
        print(f"{rival}.{case}.theirs\t{other:.1f}\t{unit}")
        print(f"{rival}.{case}.ratio\t{own / other if unit == 'MB/s' else other / own:.2f}\tx", flush=True)
