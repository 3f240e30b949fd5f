#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the invariants of the simulation have teeth? Each patch in tests/sim/mutants makes one mistake in a copy of
one source file. The copy is compiled as the build compiles the original, and linked in front of the libraries;
then the first two thousand seeds must break the invariant that the patch names.

Arguments: source root, build root, and mutants' names (none: all of them)."""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SEEDS = 2000
SKIPPED = 77


class Failure(Exception):
    pass


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    return done.returncode, done.stdout


def read(patch):
    """The file that it changes, and the invariant that is to catch it."""
    text = patch.read_text()
    changed = re.findall(r"^\+\+\+ b/(\S+)", text, re.M)
    caught = re.findall(r"^Caught by: (.*)$", text, re.M)
    if len(changed) != 1 or len(caught) != 1:
        raise Failure("expected one changed file and one line 'Caught by:'")
    return changed[0], caught[0]


def compile_line(build, source):
    """How the build compiles that file for the static library."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if path == source.resolve():
            return shlex.split(entry["command"])
    raise Failure(f"the build does not compile {source}")


def compile_mutant(build, source, mutant, target):
    words = compile_line(build, source)
    kept = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MQ"):
            skip = True
        elif word not in ("-MD", "-c", "-Werror") and pathlib.Path(build / word).resolve() != source.resolve():
            kept.append(word)
    code, output = run(kept + ["-w", "-c", str(mutant), "-o", str(target)], cwd=build)
    if code != 0:
        raise Failure("does not compile:\n" + output)


def link(build, compiler, target, program):
    objects = sorted(str(path) for path in (build / "tests/sim/sim.p").glob("*.o"))
    libraries = [build / "src/local/libk8smesos-local.a", build / "src/libk8smesos.a"]
    flags = [word for word in compiler if word.startswith("-fsanitize")]
    system = shlex.split(run(["pkg-config", "--libs", "libprotobuf-c", "yaml-0.1", "libpcre2-8"])[1])
    code, output = run([compiler[0], *flags, *objects, str(target), *map(str, libraries), *system, "-lm",
                        "-o", str(program)])
    if code != 0:
        raise Failure("does not link:\n" + output)


def try_mutant(root, build, patch, folder):
    """The seeds that it took, and everything that broke."""
    changed, invariant = read(patch)
    source = root / changed
    mutant = folder / pathlib.Path(changed).name
    mutant.write_text(source.read_text())
    code, output = run(["patch", "--quiet", "--force", str(mutant), str(patch)])
    if code != 0:
        raise Failure("does not apply any more:\n" + output)
    compile_mutant(build, source, mutant, folder / "mutant.o")
    compiler = [word for word in compile_line(build, source) if word != "ccache"]
    link(build, compiler, folder / "mutant.o", folder / "sim")
    code, output = run([str(folder / "sim"), f"--seeds={SEEDS}", "--quiet"])
    broken = re.findall(r"^seed (\d+): ([^:]*):", output, re.M)
    named = [seed for seed, what in broken if what == invariant]
    if code == 0 or not named:
        raise Failure(f"'{invariant}' holds; broken: {sorted({what for _, what in broken}) or 'nothing'}")
    return named[0], invariant, sorted({what for _, what in broken} - {invariant})


def main():
    if shutil.which("patch") is None:
        print("skipped: there is no patch")
        return SKIPPED
    root, build = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    names = sys.argv[3:]
    patches = sorted((root / "tests/sim/mutants").glob("*.patch"))
    failures = 0
    for patch in patches:
        if names and patch.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                seed, invariant, others = try_mutant(root, build, patch, pathlib.Path(folder))
                more = f" (and {', '.join(others)})" if others else ""
                print(f"{patch.stem}: caught by seed {seed}: {invariant}{more}", flush=True)
            except Failure as failure:
                failures += 1
                print(f"{patch.stem}: NOT CAUGHT: {failure}", flush=True)
    print(f"{len(patches)} mutants, {failures} not caught")
    return 1 if failures or not patches else 0


sys.exit(main())
