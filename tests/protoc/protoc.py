#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets protobuf's own compiler read the calls: all of them, and nothing in them that the schema does not know.

usage: protoc.py DUMP_CALLS MESOS_PROTO SCHEMA_TSV

The schema is that of SCHEMA_TSV, a list of Mesos' own (columns kind, message, name, number, label, type,
default_or_oneof), or MESOS_PROTO where there is none. Exits with 77 when there is no protoc.
"""
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile

SEEDS = 400
ROOT = "mesos.v1.scheduler.Call"
OWN_ROOT = "mesos.v1.Call"  # the project has one package for both
SCALARS = {"double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool", "string", "bytes"}
UNKNOWN = re.compile(r"^\s*\d+\s*[:{]", re.M)


class Schema:
    """The types that a root needs, as files for protoc: one for each package."""

    def __init__(self, path):
        self.messages, self.enums = {}, {}
        with open(path, encoding="utf-8") as table:
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                kinds = self.enums if row["kind"] == "enum" else self.messages
                kinds.setdefault(row["message"], []).append(row)
        self.needed = set()

    def need(self, name):
        """A type, all types of its fields, and those that it stands in; one without fields has no row."""
        todo = [name]
        while todo:
            name = todo.pop()
            if name in SCALARS or name in self.needed:
                continue
            self.needed.add(name)
            outer = name.rpartition(".")[0]
            if outer.rpartition(".")[2][:1].isupper():
                todo.append(outer)
            todo += [row["type"] for row in self.messages.get(name, [])]

    @staticmethod
    def package(name):
        return ".".join(word for word in name.split(".") if word[0].islower())

    def field(self, row):
        label = "" if row["default_or_oneof"].startswith("oneof:") else row["label"] + " "
        kind = row["type"] if row["type"] in SCALARS else "." + row["type"]
        return f"{label}{kind} {row['name']} = {row['number']};"

    def body(self, name):
        inside = [n for n in sorted(self.needed) if n.rpartition(".")[0] == name]
        text = "".join(self.type(n) for n in inside)
        oneofs = {}
        for row in self.messages.get(name, []):
            of = row["default_or_oneof"]
            if of.startswith("oneof:"):
                oneofs.setdefault(of[6:], []).append(row)
            else:
                text += self.field(row) + "\n"
        for of, rows in oneofs.items():
            text += f"oneof {of} {{\n" + "".join(self.field(row) + "\n" for row in rows) + "}\n"
        return text

    def type(self, name):
        short = name.rpartition(".")[2]
        if name in self.enums:
            rows = self.enums[name]
            numbers = [row["number"] for row in rows]
            alias = "option allow_alias = true;\n" if len(set(numbers)) < len(numbers) else ""
            return f"enum {short} {{\n{alias}" + "".join(f"{row['name']} = {row['number']};\n" for row in rows) + "}\n"
        return f"message {short} {{\n{self.body(name)}}}\n"

    def write(self, folder):
        """Writes the files; returns the name of that with the root."""
        packages = sorted({self.package(name) for name in self.needed})
        uses = {p: set() for p in packages}
        for name in self.needed:
            for row in self.messages.get(name, []):
                if row["type"] not in SCALARS:
                    uses[self.package(name)].add(self.package(row["type"]))
        for p in packages:
            text = f'syntax = "proto2";\npackage {p};\n' + "".join(f'import "{u}.proto";\n' for u in sorted(uses[p] - {p}))
            text += "".join(self.type(n) for n in sorted(self.needed) if n.rpartition(".")[0] == p)
            with open(os.path.join(folder, p + ".proto"), "w", encoding="utf-8") as out:
                out.write(text)
        return self.package(ROOT) + ".proto"


def decode(protoc, folder, path, data):
    """The text of all calls, or the end of the test."""
    done = subprocess.run([protoc, "--proto_path=" + folder, *path, "--decode=Calls", "calls.proto"], input=data,
                          capture_output=True, check=False)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"protoc ended with {done.returncode}: {done.stderr.decode(errors='replace')[:2000]}")
    return done.stdout.decode("utf-8")


def main():
    dump, proto, table = sys.argv[1:4]
    protoc = shutil.which("protoc")
    if protoc is None:
        print("skipped: no protoc, which is in the package protobuf-compiler")
        return 77
    data = subprocess.run([dump, str(SEEDS)], stdout=subprocess.PIPE, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        if os.path.exists(table):
            schema = Schema(table)
            schema.need(ROOT)
            name, root, path = schema.write(folder), ROOT, []
            print(f"the schema is that of {os.path.basename(table)}: {len(schema.needed)} types")
        else:
            name, root = os.path.basename(proto), OWN_ROOT
            path = ["--proto_path=" + os.path.dirname(proto), "--proto_path=/usr/include"]
            print("the schema is the project's own")
        with open(os.path.join(folder, "calls.proto"), "w", encoding="utf-8") as out:
            out.write(f'syntax = "proto2";\nimport "{name}";\nmessage Calls {{ repeated .{root} calls = 1; }}\n')
        text = decode(protoc, folder, path, data)
        count = len(re.findall(r"^calls \{", text, re.M))
        unknown = UNKNOWN.search(text)
        if unknown:
            sys.exit("a field that the schema does not know:\n" + text[max(0, unknown.start() - 1000):unknown.end() + 200])
        # That it would have been seen: the same with a field of number 1000 in a call.
        if not UNKNOWN.search(decode(protoc, folder, path, data + b"\x0a\x05\x10\x07\xc0\x3e\x01")):
            sys.exit("a field that the schema does not know was not seen")
        types = set(re.findall(r"^  type: (\w+)", text, re.M))
        print(f"{count} calls of {len(types)} types")
        return 0 if count > SEEDS and len(types) >= 17 else 1


if __name__ == "__main__":
    sys.exit(main())
