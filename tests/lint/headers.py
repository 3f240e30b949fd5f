# SPDX-License-Identifier: Apache-2.0
"""Every public header compiles alone, and twice, as C99, C11, C17 and C++11, without a word of a strict
compiler. Arguments: the C compiler, then the C++ compiler (none: C only), each one word or a list in quotes."""

import pathlib
import shlex
import subprocess
import sys
import tempfile

import source

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", str(source.HEADERS.parent)]


def main(compilers):
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        units = []
        for header in sorted(source.HEADERS.glob("*.h")):
            unit = pathlib.Path(folder) / f"{header.stem}.c"
            unit.write_text(f"#include <k8smesos/{header.name}>\n" * 2 + "int main(void);\n")
            units.append(str(unit))
        ways = [(compilers[0], "c", std) for std in ("c99", "c11", "c17")]
        ways += [(compiler, "c++", "c++11") for compiler in compilers[1:]]
        for compiler, language, std in ways:
            command = shlex.split(compiler) + [f"-std={std}", *STRICT, "-x", language, *units]
            failed |= subprocess.run(command, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
