#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares fields.def, line by line, with a list of Kubernetes' own fields.

usage: test_fields.py FIELDS_DEF SCHEMA_TSV

The list has the columns type, json_name, go_type, proto_number, proto_kind, omit, inline, and more. Ours must have
what the kinds reach that are read here: nothing missing, nothing more but fields that came and went. Exits with 77
when there is no list.
"""
import csv
import os
import re
import sys

KINDS_READ = {
    "core/v1": ["Pod", "PodList", "PodTemplate", "ReplicationController", "ConfigMap", "Secret", "Namespace",
                "Node"],
    "apps/v1": ["ReplicaSet", "Deployment", "StatefulSet", "DaemonSet"],
    "batch/v1": ["Job", "CronJob"],
    "scheduling/v1": ["PriorityClass"],
}
# Other releases have them; objects of those are carried unharmed.
CAME_AND_WENT = {("PodSpec", "workloadRef"), ("WorkloadReference", "name"), ("WorkloadReference", "podGroup"),
                 ("WorkloadReference", "podGroupReplicaKey"), ("NodeAllocatableResourceClaimStatus", "resources"),
                 ("NodeSystemInfo", "runningInUserNamespace")}
PACKAGES = {"metav1": "meta/v1", "corev1": "core/v1", "v1": "core/v1", "schedulingv1alpha3": "scheduling/v1alpha3"}
KINDS = {"string": "STRING", "bool": "BOOL", "int32": "I32", "int64": "I64", "resource.Quantity": "QUANTITY", "Time": "TIME",
         "MicroTime": "TIME", "intstr.IntOrString": "INT_OR_STRING", "runtime.RawExtension": "RAW", "FieldsV1": "RAW"}
MAPS = {"map[string]string": "MAP_STRING", "map[ResourceName]ClaimResourceStatus": "MAP_STRING",
        "map[string][]byte": "MAP_BYTES", "map[ResourceName]resource.Quantity": "MAP_QUANTITY"}
# Structs without fields have no row.
EMPTY = re.compile(r"WorkloadPodGroup\w+(Policy|Mode)\Z")
OURS = re.compile(r"^F\((\w+), (\w+), (\d+), (\d+), (\w+), (\w+), (\w+)\)$", re.M)


class Schema:
    def __init__(self, path):
        self.types = {}
        for row in csv.DictReader(open(path, encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE):
            self.types.setdefault(row["type"], []).append(row)
        self.seen = set()
        self.lines = []

    def visit(self, name):
        if name not in self.seen:
            self.seen.add(name)
            self.fields(name.rpartition(".")[2], name, "0")

    def fields(self, owner, name, via):
        """The fields of a type; those of an inlined one belong to the type around it, via its own number."""
        for row in self.types[name]:
            number = row["proto_number"] or "0"
            if row["inline"]:
                inner = self.resolve(name, row["go_type"])
                if inner == "meta/v1.TypeMeta":  # in protobuf it is in the envelope
                    self.lines += [(owner, field, "0", "0", "STRING", "None", "OMIT") for field in ("kind", "apiVersion")]
                else:
                    self.fields(owner, inner, number)
            elif row["json_name"]:
                kind, child = self.kind(name, row["go_type"].lstrip("*"))
                self.lines.append((owner, row["json_name"], number, via, kind, child, self.mode(row, kind)))

    @staticmethod
    def mode(row, kind):
        omit = "omitempty" in row["omit"]
        if "omitzero" in row["omit"]:
            return "OMIT"
        if row["go_type"].startswith("*"):
            return "PTR" if omit else "NULLABLE"
        return "ALWAYS" if kind in ("RECORD", "QUANTITY", "TIME", "INT_OR_STRING", "RAW") or not omit else "OMIT"

    @staticmethod
    def resolve(name, go_type):
        package, _, plain = go_type.rpartition(".")
        return (PACKAGES.get(package, package) if package else name.rpartition(".")[0]) + "." + plain

    def kind(self, name, go_type):
        """What a field holds, and of which type its records are."""
        if go_type in MAPS or go_type.rpartition(".")[2] == "ResourceList":
            return MAPS.get(go_type, "MAP_QUANTITY"), "None"
        if go_type.startswith("[]"):
            kind, child = self.kind(name, go_type[2:].lstrip("*"))
            return "LIST_" + kind, child
        plain = go_type if go_type in KINDS else go_type.rpartition(".")[2]
        if plain in KINDS:
            return KINDS[plain], "None"
        full = self.resolve(name, go_type)
        if full not in self.types and EMPTY.match(plain):
            return "RECORD", "None"
        if full not in self.types or self.types[full][0]["json_name"] == "(underlying)":
            return "STRING", "None"  # a type of its own for words
        self.visit(full)
        return "RECORD", plain


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 64
    if not os.path.exists(sys.argv[2]):
        print("skipped: no list of the fields")
        return 77
    schema = Schema(sys.argv[2])
    for package, kinds in KINDS_READ.items():
        for kind in kinds:
            schema.visit(package + "." + kind)
    ours = OURS.findall(open(sys.argv[1], encoding="utf-8").read())
    reached = set(schema.lines)
    more = [f for f in ours if f not in reached and f[:2] not in CAME_AND_WENT and f[0] != "List"]
    missing = [f for f in schema.lines if f not in set(ours)]
    gone = CAME_AND_WENT - {f[:2] for f in ours}
    for line in missing:
        print("missing: F(" + ", ".join(line) + ")")
    for line in more:
        print("not in the list: F(" + ", ".join(line) + ")")
    for line in sorted(gone):
        print("no longer carried:", *line)
    print(f"{len(reached)} fields of {len(schema.seen)} types, {len(missing) + len(more) + len(gone)} differences")
    return 1 if missing or more or gone or len(reached) < 900 else 0


if __name__ == "__main__":
    sys.exit(main())
