#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares mesos.proto, message by message, with a list of Mesos' own schema.

usage: test_schema.py MESOS_PROTO SCHEMA_TSV

The list has the columns kind, message, name, number, label, type, default_or_oneof. Ours must be the
closure of scheduler Call and Event: nothing missing, nothing more. Exits with 77 when there is no list.
"""
import csv
import os
import re
import sys

ROOTS = ("mesos.v1.scheduler.Call", "mesos.v1.scheduler.Event")
SCALARS = {"double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64",
           "sfixed32", "sfixed64", "bool", "string", "bytes"}
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[\w.+-]+|[{}=;\[\]<>,()]')


def read_proto(path):
    """{message: [(name, number, label, type, default or oneof)]}, {enum: [(name, number)]}, by plain names."""
    text = re.sub(r"//[^\n]*", "", open(path, encoding="utf-8").read())
    words = WORD.findall(text)
    at = 0
    messages, enums = {}, {}

    def statement():
        nonlocal at
        begin = at
        while words[at] not in (";", "{", "}"):
            at += 1
        at += 1
        return words[begin:at]

    def block(scope, oneof):
        while True:
            s = statement()
            if s == ["}"]:
                return
            body(s, scope, oneof)

    def body(s, scope, oneof):
        if s[0] == "message":
            name = ".".join(scope + [s[1]])
            messages[name] = []
            block(scope + [s[1]], None)
        elif s[0] == "oneof":
            block(scope, s[1])
        elif s[0] == "enum":
            values = enums[".".join(scope + [s[1]])] = []
            while (v := statement()) != ["}"]:
                if v[0] != "option":
                    values.append((v[0], int(v[2])))
        elif s[0] not in ("syntax", "package", "import", "option", ";", "reserved"):
            if oneof:
                s = ["optional"] + s
            label, kind, name, _, number = s[:5]
            extra = "oneof:" + oneof if oneof else ""
            if "default" in s:
                extra = s[s.index("default") + 2].strip('"')
            messages[".".join(scope)].append((name, int(number), label, kind, extra))

    while at < len(words):
        body(statement(), [], None)
    return messages, enums


def read_list(path):
    messages, enums = {}, {}
    for row in csv.DictReader(open(path, encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["kind"] == "enum":
            enums.setdefault(row["message"], []).append((row["name"], int(row["number"])))
        elif row["kind"] == "field":
            messages.setdefault(row["message"], []).append(row)
    return messages, enums


def resolve(kind, scope, known):
    """A type's full name, looked up from the inside outwards."""
    if kind.startswith("."):
        return kind[1:].removeprefix("mesos.v1.")
    parts = scope.split(".")
    for n in range(len(parts), -1, -1):
        name = ".".join(parts[:n] + [kind])
        if name in known:
            return name
    return None


def plain(name):
    return name.lstrip(".").removeprefix("mesos.v1.scheduler.").removeprefix("mesos.v1.")


def closure(messages, enums):
    todo, seen = list(ROOTS), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for row in messages.get(name, ()):
            kind = row["type"].lstrip(".")
            if kind in messages or kind in enums:
                todo.append(kind)
            elif kind not in SCALARS:
                todo.append(kind)  # an empty message has no rows
    return seen


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 64
    if not os.path.exists(sys.argv[2]):
        print("skipped: no list of the schema")
        return 77
    ours, our_enums = read_proto(sys.argv[1])
    theirs, their_enums = read_list(sys.argv[2])
    known = set(ours) | set(our_enums)
    reached = closure(theirs, their_enums)
    wrong = []
    fields = 0
    for name in sorted(reached):
        short = plain(name)
        if name in their_enums:
            if sorted(our_enums.get(short, ())) != sorted(their_enums[name]):
                wrong.append(f"enum {short}: ours {our_enums.get(short)}, Mesos' {their_enums[name]}")
            continue
        if short not in ours:
            wrong.append(f"message {short} is missing")
            continue
        want = {}
        for row in theirs.get(name, ()):
            extra = (row["default_or_oneof"] or "").removesuffix("deprecated").strip()
            want[row["name"]] = (int(row["number"]), row["label"], plain(row["type"]), extra)
        got = {}
        for field, number, label, kind, extra in ours[short]:
            full = kind if kind in SCALARS else resolve(kind, short, known)
            got[field] = (number, label, full, extra)
        fields += len(want)
        for field in sorted(set(want) | set(got)):
            if want.get(field) != got.get(field):
                wrong.append(f"{short}.{field}: ours {got.get(field)}, Mesos' {want.get(field)}")
    reached_plain = {plain(n) for n in reached}
    for name in sorted(known - reached_plain):
        if not ours.get(name) and any(n.startswith(name + ".") for n in reached_plain):
            continue  # a message without fields that only names the ones inside it
        wrong.append(f"{name}: nothing of Call or Event reaches it")
    with_fields = sum(1 for n in reached if n in theirs)
    print(f"{with_fields} messages with fields, {fields} fields, {len(wrong)} differences")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
