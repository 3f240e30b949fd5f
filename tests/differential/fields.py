# SPDX-License-Identifier: Apache-2.0
"""src/pod/fields.def, as Python sees it."""
import re
from collections import namedtuple

Field = namedtuple("Field", "type name number via kind child mode")
LINE = re.compile(r"^F\((\w+), (\w+), (\d+), (\d+), (\w+), (\w+), (\w+)\)$", re.M)

# Fields of other releases than the one that the table is of: they are carried all the same.
CAME_AND_WENT = {("PodSpec", "workloadRef"), ("WorkloadReference", "name"), ("WorkloadReference", "podGroup"),
                 ("WorkloadReference", "podGroupReplicaKey"), ("NodeAllocatableResourceClaimStatus", "resources")}


def read(path):
    """{type: [Field, ...]}, in the order of the table."""
    types = {}
    for found in LINE.finditer(open(path, encoding="utf-8").read()):
        field = Field(*found.groups())
        types.setdefault(field.type, []).append(field)
    return types


def lines(types):
    return ["F(" + ", ".join(field) + ")" for fields in types.values() for field in fields]
