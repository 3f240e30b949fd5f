# SPDX-License-Identifier: Apache-2.0
"""Every function and struct of the public headers has a comment: its own, or that of the group of lines it
stands in (lines that follow each other without a blank one)."""

import re
import sys

import source

DECLARATION = re.compile(r"^(?:K8SM_API\b|struct k8sm_\w+ ?[{;])")
NAME = re.compile(r"\b(k8sm_\w+)\s*\(|^struct (k8sm_\w+)")


def declared_name(text):
    match = NAME.search(text)
    return (match.group(1) or match.group(2)) if match else text.strip()


def main():
    problems = []
    for header in sorted(source.HEADERS.glob("*.h")):
        raw = header.read_text().splitlines()
        bare = source.without_comments(header.read_text()).splitlines()
        documented = False
        for number, (line, code) in enumerate(zip(raw, bare), 1):
            if not line.strip():
                documented = False
            documented = documented or line != code
            # A declaration may go on over lines, and have its comment at their end.
            if DECLARATION.match(code):
                end = number
                while ";" not in bare[end - 1] and "{" not in bare[end - 1]:
                    end += 1
                if not documented and all(a == b for a, b in zip(raw[number - 1 : end], bare[number - 1 : end])):
                    text = " ".join(bare[number - 1 : end])
                    problems.append(f"{source.name(header)}:{number}: {declared_name(text)} has no comment")
    return source.report(problems)


if __name__ == "__main__":
    sys.exit(main())
