# SPDX-License-Identifier: Apache-2.0
"""Makes and runs the programs that others' code is in."""
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GOPATH = "/usr/share/gocode"  # where Debian's golang-*-dev packages are
LIMIT = 240  # seconds; a program that takes longer fails


class Missing(Exception):
    """Why a program can't be had."""


def run(command, **options):
    """What a program prints."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT, **options)
    except (OSError, subprocess.SubprocessError) as wrong:
        raise Missing(str(wrong)) from wrong
    return done.stdout


def need(program):
    if shutil.which(program) is None:
        raise Missing(f"no {program}")


def build_fenzo(out):
    need("java")
    need("mvn")
    run(["mvn", "-q", "-B", "package", f"-Dout={out}"], cwd=HERE / "fenzo")
    # One core for its own threads, the compiler and the garbage collector, too.
    return ["java", "-XX:ActiveProcessorCount=1", "-cp", f"{out}/classes:{out}/jars/*", "FenzoBench"]


def build_on_mesos_go(out):
    """A program in the folder of the same name, on Debian's mesos-go."""
    need("go")
    if not os.path.isdir(f"{GOPATH}/src/github.com/mesos/mesos-go"):
        raise Missing("no golang-github-mesos-mesos-go-dev")
    env = {**os.environ, "GO111MODULE": "off", "GOPATH": GOPATH, "GOFLAGS": ""}
    run(["go", "build", "-o", out, "main.go"], cwd=HERE / out.name, env=env)
    return [out]


def build_kube_scheduler(out):
    need("go")
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    run(["go", "build", "-o", out, "."], cwd=HERE / "kube-scheduler", env=env)
    return [out]


def build_messages_cpp(out):
    """The schema's C++ is large: it is made again only when the schema is newer."""
    need("protoc")
    need("c++")
    made = out.with_name("messages-cpp-made")
    made.mkdir(exist_ok=True)
    schema, unit = ROOT / "src" / "wire" / "mesos.proto", made / "mesos.o"
    compile_command = ["c++", "-std=c++17", "-O2", f"-I{made}"]
    if not unit.exists() or unit.stat().st_mtime < schema.stat().st_mtime:
        run(["protoc", f"-I{schema.parent}", "-I/usr/include", f"--cpp_out={made}", schema,
             "/usr/include/protobuf-c/protobuf-c.proto"])
        run([*compile_command, "-c", made / "mesos.pb.cc", "-o", unit])
    run([*compile_command, HERE / "messages-cpp" / "messages.cc", unit, made / "protobuf-c" / "protobuf-c.pb.cc",
         "-o", out, "-lprotobuf", "-pthread"])
    return [out]


BUILDERS = {"fenzo": build_fenzo, "mesos-go": build_on_mesos_go, "kube-scheduler": build_kube_scheduler,
            "messages-go": build_on_mesos_go, "messages-cpp": build_messages_cpp}
