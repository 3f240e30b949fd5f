# SPDX-License-Identifier: Apache-2.0
"""The core also builds as one translation unit: what a file keeps to itself (static functions and objects, types,
macros and constants of unnamed enums) has a name that no other file of the core uses for its own. The test unity asks
a compiler, which takes longer."""

import re
import sys

import source

CORE = "base wire pod offer call demand cluster want match task status driver control".split()

TAGS = re.compile(r"^(?:static const )?(?:struct|union|enum) (\w+) \{", re.MULTILINE)
MACROS = re.compile(r"^#\s*define (\w+)", re.MULTILINE)
INCLUDED = re.compile(r'^#\s*include "[^\n]*\.def', re.MULTILINE)  # undefines the macros that it reads
ORDINARY = [
    # static int name(…), static const struct row name[] = …: the last word before the first of ( [ = ; {
    re.compile(r"^static\b[^;=({\[]*?\b(\w+)\s*(?=[\[=;(])", re.MULTILINE),
    re.compile(r"^static\b[^;=({\[]*\(\*(?:const )?(\w+)", re.MULTILINE),
    re.compile(r"^typedef\b[^;{(]*?\b(\w+)\s*(?:\([^;]*\))?;", re.MULTILINE),
]
CONSTANTS = re.compile(r"^enum \{(.*?)\}", re.MULTILINE | re.DOTALL)
NO_NAMES = {"int", "void", "const", "bool"}  # before the parenthesis of a pointer


def own_names(text):
    """(kind, name) to the line number, of what a file defines for itself."""
    code = source.without_strings(text)
    found = {}

    def note(kind, name, at):
        found.setdefault((kind, name), code.count("\n", 0, at) + 1)

    for match in TAGS.finditer(code):
        note("tag", match.group(1), match.start())
    if not INCLUDED.search(text):
        for match in MACROS.finditer(code):
            note("name", match.group(1), match.start())
    for pattern in ORDINARY:
        for match in pattern.finditer(code):
            if match.group(1) not in NO_NAMES:
                note("name", match.group(1), match.start())
    for match in CONSTANTS.finditer(code):
        for word in re.findall(r"(?:^|,)\s*(\w+)", match.group(1)):
            note("name", word, match.start())
    return found


def main():
    problems, owners = [], {}
    for folder in CORE:
        for path in source.files("src/" + folder, ".c"):
            for own, line in own_names(path.read_text()).items():
                if own in owners:
                    problems.append("%s:%d: %s is a name of %s, too" % (source.name(path), line, own[1], owners[own]))
                else:
                    owners[own] = "%s:%d" % (source.name(path), line)
    if len(owners) < 1000:
        problems.append("only %d names were found: the patterns do not read the code any more" % len(owners))
    return source.report(problems)


if __name__ == "__main__":
    sys.exit(main())
