#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python binding mirrors the headers: every struct, field, constant and prototype, by the C compiler.

usage: layout.py COMPILER... (an include folder comes from INCLUDE, a scratch folder from SCRATCH)
"""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

from k8smesos import _abi, constants

INCLUDE = Path(os.environ["INCLUDE"])
SCRATCH = Path(os.environ["SCRATCH"])
HEADERS = "base diag pod workload manifest resolve demand offer cluster wants match task status driver control".split()

# Structs that only C authors need: memory comes from malloc here.
NOT_MIRRORED = {"k8sm_allocator"}
# Functions without use in Python.
NOT_BOUND = set()


def header_text():
    text = "".join((INCLUDE / "k8smesos" / f"{name}.h").read_text() for name in HEADERS)
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def structs():
    """C name → ctypes class."""
    found = {"k8sm_slice": _abi.Slice}
    for value in vars(_abi).values():
        if isinstance(value, type) and issubclass(value, ctypes.Structure) and value is not _abi.Slice:
            found["k8sm_" + value.__name__] = value
    return found


def expected_layout():
    """The lines that the C program has to print."""
    lines = []
    for name, kind in sorted(structs().items()):
        lines.append(f"{name} {ctypes.sizeof(kind)}")
        for field, _ in kind._fields_:
            place = getattr(kind, field)
            lines.append(f"{name}.{field} {place.offset} {place.size}")
    for prefix, kind in sorted(constants.PREFIXES.items()):
        lines += [f"K8SM_{prefix}_{member.name} {int(member)}" for member in kind.__members__.values()]
    return lines


def probe():
    """A C program that prints the same lines from the headers."""
    lines = ["#include <k8smesos/k8smesos.h>", "#include <stdio.h>", "int main(void) {"]
    for name, kind in sorted(structs().items()):
        lines.append(f'  printf("{name} %zu\\n", sizeof(struct {name}));')
        for field, _ in kind._fields_:
            lines.append(
                f'  printf("{name}.{field} %zu %zu\\n", offsetof(struct {name}, {field}), '
                f"sizeof(((struct {name} *)0)->{field}));"
            )
    for prefix, kind in sorted(constants.PREFIXES.items()):
        for member in kind.__members__.values():
            constant = f"K8SM_{prefix}_{member.name}"
            lines.append(f'  printf("{constant} %d\\n", (int){constant});')
    return "\n".join(lines + ["  return 0;", "}"])


def check_layout(compiler):
    source, program = SCRATCH / "layout_probe.c", SCRATCH / "layout_probe"
    source.write_text(probe())
    subprocess.run([*compiler, "-std=c11", f"-I{INCLUDE}", str(source), "-o", str(program)], check=True)
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.split("\n")[:-1]
    expected = expected_layout()
    assert len(expected) > 300, "the list of structs is suspiciously short"
    return [f"Python has '{ours}', C has '{theirs}'" for ours, theirs in zip(expected, printed) if ours != theirs]


def check_structs(text):
    """Every struct with a body has a mirror with as many fields (padding could hide one from sizeof)."""
    problems = []
    mirrors = structs()
    for name, body in re.findall(r"struct (k8sm_\w+) \{(.*?)\n\};", text, flags=re.S):
        if name in NOT_MIRRORED:
            continue
        count = sum(len(line.split(",")) for line in body.split(";") if line.strip())
        if name not in mirrors:
            problems.append(f"struct {name} has no mirror")
        elif count != len(mirrors[name]._fields_):
            problems.append(f"struct {name} has {count} fields, its mirror {len(mirrors[name]._fields_)}")
    return problems


def check_constants(text):
    """Every K8SM_<PREFIX>_* of an enum is a member of its class."""
    names = {f"K8SM_{p}_{m}" for p, kind in constants.PREFIXES.items() for m in kind.__members__}
    problems = []
    for body in re.findall(r"\nenum \{(.*?)\};", text, flags=re.S):
        for name in re.findall(r"\b(K8SM_[A-Z0-9_]+)\s*=", body):
            if not name.startswith(("K8SM_ERR_", "K8SM_DIAG_")) and name not in names | {"K8SM_OK"}:
                problems.append(f"{name} is in no class of constants.py")
    return problems


def argument_class(text):
    """What a C type is in a prototype table: pointers of any kind are one class."""
    text = text.strip()
    if text == "void":
        return None
    if "*" in text:
        return "pointer"
    if text.startswith("struct k8sm_slice"):
        return _abi.Slice
    named = re.match(r"(?:const )?(\w+)", text).group(1)
    return {"int": ctypes.c_int, "size_t": ctypes.c_size_t, "uint32_t": ctypes.c_uint32,
            "uint64_t": ctypes.c_uint64, "double": ctypes.c_double}[named]


def check_prototypes(text):
    """Every function is bound, with its own result and arguments."""
    problems, seen = [], set()
    text = text.replace("K8SM_MUST_USE", "")
    for result, name, arguments in re.findall(r"K8SM_API\s+([\w\s]+?[\s*]+)k8sm_(\w+)\(([^)]*)\);", text):
        seen.add(name)
        if name in NOT_BOUND:
            continue
        arguments = [] if arguments.strip() == "void" else arguments.split(",")
        theirs = [argument_class(part) for part in [result, *arguments]]
        pointers = (ctypes.c_void_p, ctypes.c_char_p)
        ours = ["pointer" if part in pointers else part for part in _abi.PROTOTYPES.get(name, ("missing",))]
        if ours != theirs:
            problems.append(f"k8sm_{name}: Python has {ours}, C has {theirs}")
    assert len(seen) > 80, "the list of functions is suspiciously short"
    return problems + [f"k8sm_{name} is in no header" for name in _abi.PROTOTYPES if name not in seen]


def main():
    text = header_text()
    problems = check_layout(sys.argv[1:]) + check_structs(text) + check_constants(text) + check_prototypes(text)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
