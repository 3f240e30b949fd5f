# SPDX-License-Identifier: Apache-2.0
"""The pages under doc/ and the README agree with the code that they speak of.

usage: docs.py SOURCE_ROOT
"""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1])


def read(name):
    return (ROOT / name).read_text()


class Docs(unittest.TestCase):
    def test_diagnostics_are_all_listed(self):
        codes = re.findall(r'X\((\d+), (\w+), (\w+), "([^"]*)"\)', read("include/k8smesos/diag.h"))
        self.assertGreater(len(codes), 50)
        want = [(n, name, severity.lower(), text) for n, name, severity, text in codes]
        have = re.findall(r"(?m)^\| (\d+) \| (\w+) \| (\w+) \| (.*) \|$", read("doc/diagnostics.md"))
        self.assertEqual(sorted(want), sorted(have))

    def test_readme_shows_the_example_that_is_compiled(self):
        code = read("doc/examples/launch.c")
        lines = code.split("/* README: begin */\n")[1].split("  /* README: end */")[0].splitlines()
        readme = read("README.md")
        for line in lines:
            self.assertIn(line.strip(), readme)

    def test_links_lead_somewhere(self):
        for page in [ROOT / "README.md", *ROOT.glob("doc/*.md"), *ROOT.glob("bindings/*/README.md")]:
            for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page}: {target}")

    def test_headers_are_named_in_the_readme_or_the_umbrella(self):
        umbrella = read("include/k8smesos/k8smesos.h")
        for header in (ROOT / "include/k8smesos").glob("*.h"):
            if header.name not in ("k8smesos.h", "io.h"):
                self.assertIn(f"<k8smesos/{header.name}>", umbrella)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
