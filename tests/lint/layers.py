# SPDX-License-Identifier: Apache-2.0
"""Which folder of src may include what. The rows are the layers of doc/architecture.md."""

import re
import sys

import source

CORE = ["base", "wire", "pod", "offer", "call", "demand", "cluster", "want", "match", "task", "status", "driver", "control"]
LAYERS = {
    "base": [],
    "wire": ["base"],
    "pod": ["base", "wire"],
    "offer": ["base", "wire"],
    "call": ["base", "wire"],
    "demand": ["base", "wire", "pod", "offer", "call"],
    "cluster": ["base", "wire", "pod", "offer", "call", "demand"],
    "want": ["base", "wire", "pod", "offer", "call", "demand", "cluster"],
    "match": ["base", "wire", "pod", "offer", "call", "demand", "cluster"],
    "task": ["base", "wire", "pod", "offer", "call", "demand", "cluster", "match"],
    "status": ["base", "wire", "pod", "offer", "call", "demand"],
    "driver": CORE[:-2],
    "control": ["base", "wire", "pod", "demand", "cluster", "driver"],  # of the driver: how effects are kept
    "io": ["base"],  # its own copy, hidden
    "local": ["base", "wire", "offer", "call"],  # must not share the mistakes of driver, match and task
    "km": ["local"],
}

# Libraries, and the folders that know them. The program reads documents, which is what jansson is for.
LIBRARIES = {
    "protobuf-c/protobuf-c.h": ["wire"],
    "yaml.h": ["wire"],
    "pcre2.h": ["wire"],
    "jansson.h": ["wire", "km"],
    "llhttp.h": ["io"],
}

# What C itself brings, less what reads a clock, the environment or the locale: all that the core needs.
STANDARD = """assert ctype errno float inttypes limits stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
    stdnoreturn string math""".split()
SYSTEM = {
    "io": ["arpa/inet.h", "fcntl.h", "netinet/in.h", "netinet/tcp.h", "poll.h", "sys/socket.h", "unistd.h"],
    "local": [],
    "base": ["emmintrin.h"],  # SSE2, where the machine has it
    "wire": ["emmintrin.h"],
}


def allowed(folder, quoted, path):
    """None, or why the include is not allowed."""
    if quoted:
        to = path.split("/")[0] if "/" in path else folder
        if to == folder or to in LAYERS[folder]:
            return None
        return f"{folder} may not know {to}"
    if path.startswith("k8smesos/"):
        return None
    if path in LIBRARIES:
        return None if folder in LIBRARIES[path] else f"only {', '.join(LIBRARIES[path])} may know this library"
    if folder == "km" or path.removesuffix(".h") in STANDARD or path in SYSTEM.get(folder, []):
        return None
    return f"{folder} may not use this part of the system"


def main():
    problems = []
    for path in source.files("src", ".c", ".h", ".def"):
        folder = path.relative_to(source.ROOT / "src").parts[0]
        text = source.without_comments(path.read_text())
        for match in re.finditer(r'^\s*#\s*include\s*(["<])([^">]+)[">]', text, re.MULTILINE):
            why = allowed(folder, match.group(1) == '"', match.group(2))
            if why:
                line = text.count("\n", 0, match.start()) + 1
                problems.append(f"{source.name(path)}:{line}: #include {match.group(2)}: {why}")
    return source.report(problems)


if __name__ == "__main__":
    sys.exit(main())
