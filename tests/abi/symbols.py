# SPDX-License-Identifier: Apache-2.0
"""What a library exports is what its version script lists, and that is what its headers declare; its archive has
no global name that is not ours, and nothing in it can be written to.

    symbols.py MAP LIBRARY ARCHIVE HEADER…"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lint"))
import source  # noqa: E402

OURS = re.compile(r"k8smi?_")
WRITABLE = re.compile(r"^\.(data|bss|tdata|tbss)(\.(?!rel\.ro)\S*)?\s+([1-9]\d*)\s", re.MULTILINE)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def listed(version_script):
    """The global names of a version script, of all its nodes."""
    text = source.without_comments(pathlib.Path(version_script).read_text())
    return {n for block in re.findall(r"global:(.*?)(?:local:|\})", text, re.DOTALL) for n in re.findall(r"\w+", block)}


def exported(library):
    lines = output("nm", "-D", "--defined-only", library).splitlines()
    return {line.split()[2].split("@")[0] for line in lines if line.split()[1] != "A"}


def differences(one, one_name, other, other_name):
    yield from (f"{name} is in {one_name}, not in {other_name}" for name in sorted(one - other))
    yield from (f"{name} is in {other_name}, not in {one_name}" for name in sorted(other - one))


def foreign(archive):
    for line in output("nm", "-g", "--defined-only", archive).splitlines():
        parts = line.split()
        if len(parts) == 3 and not OURS.match(parts[2]):
            yield f"{archive}: the global name {parts[2]} is not ours"


def writable(archive):
    for member in output("size", "-A", archive).split("\n\n"):
        if ".pb-c." in member.split(":")[0]:
            continue  # protobuf-c's code keeps the default of a string as a char array
        for match in WRITABLE.finditer(member):
            yield f"{member.split(':')[0].strip()}: {match.group(3)} bytes in .{match.group(1)} can be written to"


def main(version_script, library, archive, *headers):
    declared = {name for header in headers for name in source.functions(pathlib.Path(header))}
    names = listed(version_script)
    problems = [*differences(declared, "the headers", names, "the version script")]
    problems += differences(names, "the version script", exported(library), "what the library exports")
    problems += [*foreign(archive), *writable(archive)]
    return source.report(problems)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
