# SPDX-License-Identifier: Apache-2.0
"""Images for agents that take them from a local folder, and manifests of pods that run them."""
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import tarfile

BUSYBOX = shutil.which("busybox")
UID = "5f0f1c8e-7a3d-4b52-9f5e-2f1f6a7d9c01"  # of every pod, so that recordings can be told by it


def add(archive, name, content=b"", **how):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for key, value in how.items():
        setattr(entry, key, value)
    archive.addfile(entry, io.BytesIO(content))


def layer(ballast, programs=()):
    """A root file system: busybox under all its names, (name, script) in /bin, and as many MB of zeros as asked
    for."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for folder in ("bin", "etc", "tmp", "proc", "sys", "dev", "var"):
            add(archive, folder, type=tarfile.DIRTYPE, mode=0o755)
        add(archive, "bin/busybox", pathlib.Path(BUSYBOX).read_bytes(), mode=0o755)
        for name in subprocess.run([BUSYBOX, "--list"], capture_output=True, check=True).stdout.decode().split():
            if name != "busybox":
                add(archive, f"bin/{name}", type=tarfile.SYMTYPE, linkname="busybox")
        for name, script in programs:
            add(archive, f"bin/{name}", script.encode(), mode=0o755)
        add(archive, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\n", mode=0o644)
        add(archive, "etc/group", b"root:x:0:\n", mode=0o644)
        if ballast:
            add(archive, "ballast", bytes(ballast << 20), mode=0o644)
    return out.getvalue()


def put_image(folder, repository, config, ballast=0, programs=()):
    """Writes a one-layer archive as `docker save` made them, which an agent's local puller reads."""
    name = hashlib.sha256(repository.encode()).hexdigest()
    about = json.dumps({"id": name, "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
                        "config": config, "container_config": config}).encode()
    path = pathlib.Path(folder, f"{repository}.tar")
    with tarfile.open(path, mode="w") as archive:
        add(archive, name, type=tarfile.DIRTYPE, mode=0o755)
        add(archive, f"{name}/VERSION", b"1.0")
        add(archive, f"{name}/json", about)
        add(archive, f"{name}/layer.tar", layer(ballast, programs))
        add(archive, "repositories", json.dumps({repository: {"latest": name}}).encode())
    return path


def pod(name, containers, annotations=None, **spec):
    metadata = {"name": name, "uid": UID, **({"annotations": annotations} if annotations else {})}
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}
    return json.dumps(document) + "\n"


def container(name, script, **more):
    return {"name": name, "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script],
            **more}
