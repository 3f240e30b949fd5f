# SPDX-License-Identifier: Apache-2.0
"""Keeps layout.def, the sizes and offsets of all public structs, complete: every struct and field of the headers
has its row. test_layout.c checks the rows against the compiler.

    layout.py             checks that no row is missing and none is left over
    layout.py --write     writes the file anew (64-bit machines): for what has not been released yet"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lint"))
import source  # noqa: E402

TABLE = HERE / "layout.def"
HEAD = """/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and offsets of the public structs where pointers have 64 bits. What was released never changes; a
 * struct grows at its end. Written by layout.py --write. */
"""


def rows():
    """SIZE(struct) and FIELD(struct, field) of all headers, in order."""
    for header in sorted(source.HEADERS.glob("*.h")):
        for struct, fields in source.structs(header):
            yield f"SIZE({struct}"
            for field in fields:
                yield f"FIELD({struct}, {field}"


def values(wanted):
    """What the compiler says to each row."""
    probe = ["#include <stdio.h>", "#include <k8smesos/k8smesos.h>", "#include <k8smesos/io.h>"]
    probe += ["#define SIZE(s) sizeof(struct s)", "#define FIELD(s, f) offsetof(struct s, f)", "int main(void) {"]
    probe += [f'printf("%zu\\n", {row}));' for row in wanted] + ["}"]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "probe"
        program.with_suffix(".c").write_text("\n".join(probe))
        command = ["cc", "-I", str(source.HEADERS.parent), "-o", str(program), str(program) + ".c"]
        subprocess.run(command, check=True)
        return subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.split()


def main(arguments):
    wanted = list(rows())
    if arguments == ["--write"]:
        lines = [f"{row}, {value})" for row, value in zip(wanted, values(wanted))]
        TABLE.write_text(HEAD + "\n".join(lines) + "\n")
        return 0
    there = re.findall(r"^(SIZE\(\w+|FIELD\(\w+, \w+)", TABLE.read_text(), re.MULTILINE)
    problems = [f"layout.def has no row {row}, …)" for row in wanted if row not in there]
    problems += [f"layout.def has a row {row}, …), and the headers have no such thing" for row in there if row not in wanted]
    if problems:
        problems.append("before a release: tests/abi/layout.py --write")
    return source.report(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
