# SPDX-License-Identifier: Apache-2.0
"""C text for the lints: files of a folder, comments taken out, and what the public headers declare."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = ROOT / "include" / "k8smesos"

_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def files(folder, *suffixes):
    """Paths under a folder of the project, sorted."""
    return sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)


def name(path):
    """A path as messages name it."""
    return str(path.relative_to(ROOT))


def without_comments(text):
    """The same lines, with comments blank."""

    def blank(match):
        token = match.group(0)
        return re.sub(r"[^\n]", " ", token) if token.startswith("/") else token

    return _TOKEN.sub(blank, text)


def without_strings(text):
    """The same lines, with comments blank and literals empty."""

    def blank(match):
        token = match.group(0)
        return re.sub(r"[^\n]", " ", token) if token.startswith("/") else token[0] + " " * (len(token) - 2) + token[0]

    return _TOKEN.sub(blank, text)


def strings(text):
    """(line number, literal) of every string literal."""
    for match in _TOKEN.finditer(text):
        if match.group(0).startswith('"'):
            yield text.count("\n", 0, match.start()) + 1, match.group(0)


def functions(header):
    """Names of the functions that a public header declares, in order."""
    text = without_comments(header.read_text())
    return re.findall(r"\bK8SM_API\b[^;{]*?\b(k8sm_\w+)\s*\(", text)


def structs(header):
    """(name, [field, …]) of every struct that a public header defines, in order."""
    text = without_comments(header.read_text())
    for match in re.finditer(r"^struct (k8sm_\w+) \{(.*?)^\};", text, re.DOTALL | re.MULTILINE):
        yield match.group(1), _fields(match.group(2))


def _fields(body):
    fields = []
    for declaration in filter(None, (d.strip() for d in body.split(";"))):
        pointer = re.search(r"\(\*(\w+)\)", declaration)  # to a function
        if pointer:
            fields.append(pointer.group(1))
            continue
        for part in declaration.split(","):
            fields.append(re.search(r"(\w+)\s*(?:\[\w*\])?$", part.strip()).group(1))
    return fields


def report(problems):
    """Prints the problems; the exit status."""
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0
