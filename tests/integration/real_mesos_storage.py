# SPDX-License-Identifier: Apache-2.0
"""Volumes on a real Mesos: of claims; Docker's, through a dvdcli of this program's own; and a CSI plugin's, through the
one that Mesos' own tests have (`make test-csi-plugin`; skipped without it). A private master and agent of the programs
that K8SMESOS_MESOS names.

usage: real_mesos_storage.py KM
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import real_mesos_pair
from real_mesos_images import UID, container, pod, put_image
from real_mesos_support import Case, call

CSI_PLUGIN = "test-csi-plugin"
CSI_DRIVER = "test.csi"

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}

# What https://github.com/emccode/dvdcli does, with folders for volumes: says where it is mounted.
DVDCLI = """#!/bin/sh
echo "$@" >> {root}/calls
for word; do case $word in --volumedriver=*) driver=${{word#*=}};; --volumename=*) name=${{word#*=}};; esac; done
[ "$driver" = folders ] || {{ echo "no driver '$driver'" >&2; exit 1; }}
mkdir -p {root}/$name && echo {root}/$name
"""


def disk(mb, kind, root, **source):
    return {"name": "disk", "type": "SCALAR", "scalar": {"value": mb},
            "disk": {"source": {"type": kind, kind.lower(): {"root": str(root)}, **source}}}


def make_disks(pair, folder):
    """Two file systems of their own and a folder, beside what all agents have, as an agent's JSON."""
    pair.mounts, pair.path = [folder / "mount0", folder / "mount1"], folder / "path"
    for path in (*pair.mounts, pair.path):
        path.mkdir()
    for path in pair.mounts:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", path], check=True)
    plain = [{"name": name, "type": "SCALAR", "scalar": {"value": value}}
             for name, value in (("cpus", 4), ("mem", 4096), ("disk", 20000))]
    ports = {"name": "ports", "type": "RANGES", "ranges": {"range": [{"begin": 31000, "end": 32000}]}}
    labels = {"labels": [{"key": "tier", "value": "gold"}]}
    return json.dumps([*plain, ports, disk(128, "MOUNT", pair.mounts[0], profile="ssd"),
                       disk(96, "MOUNT", pair.mounts[1], profile="ssd", metadata=labels),
                       disk(500, "PATH", pair.path)])


def furnish(pair):
    folder = pathlib.Path(pair.folder)
    tools, pair.docker, plugins, csi = (folder / n for n in ("tools", "docker", "plugins", "csi"))
    for path in (tools, pair.docker, plugins, csi):
        path.mkdir()
    (tools / "dvdcli").write_text(DVDCLI.format(root=pair.docker))
    (tools / "dvdcli").chmod(0o755)
    put_image(pair.images, "busybox", {"Cmd": ["sh"], "Env": ["PATH=/bin"]})
    flags = {"isolation": ["docker/volume"]}
    plugin = real_mesos_pair.program(CSI_PLUGIN)
    if plugin:
        socket = csi / "socket"
        pair.csi = real_mesos_pair.run(CSI_PLUGIN, {
            "endpoint": f"unix://{socket}", "api_version": "v1", "work_dir": csi, "available_capacity": "0B",
            "volume_id_path": "false", "volumes": "shelf:64MB"}, folder / "csi.log", {})
        real_mesos_pair.wait(socket.exists)
        (plugins / "test").write_text(json.dumps({
            "type": CSI_DRIVER, "target_path_root": str(csi / "targets"),
            "endpoints": [{"csi_service": "NODE_SERVICE", "endpoint": f"unix://{socket}"}]}))
        flags = {"isolation": ["docker/volume", "volume/csi"], "csi_plugin_config_dir": plugins}
    agent = pair.add_agent(resources=make_disks(pair, folder), **flags)
    agent.variables["PATH"] = f"{tools}:{os.environ['PATH']}"
    pair.start_agent(agent)


class Storage(Case):
    def dvdcli_calls(self):
        path = self.pair.docker / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def test_docker_volume_outlives_its_pod(self):
        volume = {"name": "d", "flexVolume": {"driver": "docker/folders", "options": {"volume": "words", "size": "1"}}}
        mounts = [{"name": "d", "mountPath": "/data"}]
        before = len(self.dvdcli_calls())
        for script in ("echo first > /data/word", 'test "$(cat /data/word)" = first'):
            km = self.run_pod(pod("docked", [container("main", script, volumeMounts=mounts)], volumes=[volume],
                                  restartPolicy="Never"))
            self.assertEqual(km.wait(60), 0, self.said())
        self.assertEqual((self.pair.docker / "words" / "word").read_text(), "first\n")
        calls = self.dvdcli_calls()[before:]
        self.assertEqual([c.split()[0] for c in calls], ["mount", "unmount"] * 2)
        self.assertIn("--volumeopts=size=1", calls[0])

    def containers_share(self, volume, reads_only):
        mounts = [{"name": "d", "mountPath": "/data"}]
        km = self.run_pod(pod("both", [
            container("writer", "echo word > /data/word; sleep 3", volumeMounts=mounts),
            container("reader", "until grep -q word /data/word; do sleep 0.1; done; " + reads_only,
                      volumeMounts=[{**mounts[0], "readOnly": True}])], volumes=[volume], restartPolicy="Never"))
        self.assertEqual(km.wait(60), 0, self.said())

    def test_containers_share_a_docker_volume(self):
        flex = {"driver": "docker/folders", "options": {"volume": "shared"}}
        self.containers_share({"name": "d", "flexVolume": flex}, "! touch /data/other")

    # When two containers publish a volume at once, the agent may forget one of them: it is launched again.
    def test_containers_share_a_csi_volume(self):
        self.needs_csi()
        self.containers_share({"name": "d", "csi": {"driver": CSI_DRIVER, "volumeAttributes": {"volumeId": "shelf"}}},
                              "touch /data/other")

    def test_driver_that_fails_is_the_reason_that_km_shows(self):
        volume = {"name": "d", "flexVolume": {"driver": "docker/nobody"}}
        self.run_pod(pod("undone", [container("main", "sleep 600", volumeMounts=[{"name": "d", "mountPath": "/data"}])],
                         volumes=[volume]))
        self.wait(lambda: "no driver 'nobody'" in json.dumps(self.pods().get("undone", {}).get("status", {})))

    def needs_csi(self):
        if not real_mesos_pair.program(CSI_PLUGIN):
            self.skipTest(f"{real_mesos_pair.PROGRAMS} has no {CSI_PLUGIN}")

    def test_csi_volume_outlives_its_pod(self):
        self.needs_csi()
        volume = {"name": "d", "csi": {"driver": CSI_DRIVER, "volumeAttributes": {"volumeId": "shelf"}}}
        mounts = [{"name": "d", "mountPath": "/data"}]
        for script in ("echo first > /data/word", 'test "$(cat /data/word)" = first'):
            km = self.run_pod(pod("shelved", [container("main", script, volumeMounts=mounts)], volumes=[volume],
                                  restartPolicy="Never"))
            self.assertEqual(km.wait(60), 0, self.said())

    def test_csi_volume_that_is_not_there(self):
        self.needs_csi()
        volume = {"name": "d", "csi": {"driver": CSI_DRIVER, "volumeAttributes": {"volumeId": "none"}}}
        self.run_pod(pod("undone", [container("main", "sleep 600", volumeMounts=[{"name": "d", "mountPath": "/data"}])],
                         volumes=[volume]))
        self.wait(lambda: "'none'" in json.dumps(self.pods().get("undone", {}).get("status", {})))

    RESERVED = ("--role=k8smesos-test", "--principal=k8smesos-test")

    def reserved(self):
        """The disk that the role of these cases has reserved, by the ids of its volumes."""
        rows = self.pair.state("/slaves")["slaves"][0].get("reserved_resources_full", {}).get("k8smesos-test", [])
        return sorted(r.get("disk", {}).get("persistence", {}).get("id", "-") for r in rows if r["name"] == "disk")

    def free_disks(self):
        """What is reserved by nobody of the agent's disks, by their places ("": the agent's own)."""
        rows = [r for agent in self.pair.state("/slaves")["slaves"] for r in agent["unreserved_resources_full"]]
        sources = [(r.get("disk", {}).get("source", {}), r["scalar"]["value"]) for r in rows if r["name"] == "disk"]
        return {next((s[k]["root"] for k in ("mount", "path") if k in s), ""): mb for s, mb in sources}

    def volume(self, name):
        return self.pair.agents[0].folder / "work" / "volumes" / "roles" / "k8smesos-test" / name

    def follows(self, *kinds):
        """What the master wrote of the operations of these kinds: each has an id, and its end is acknowledged."""
        log = pathlib.Path(self.pair.folder, "master.log").read_text(errors="replace")
        for kind in kinds:
            self.assertRegex(log, rf"Sending operation 'k8sm\.{kind}\.")
            self.wait(lambda: re.search(rf"Processing ACKNOWLEDGE_OPERATION_STATUS call .* of operation 'k8sm\.{kind}\.",
                                        pathlib.Path(self.pair.folder, "master.log").read_text(errors="replace")))
        self.wait(lambda: not (call(self.master, "GET_OPERATIONS") or {}).get("operations"))

    def test_deleted_claim_gives_its_disk_back(self):
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "kept"}, "spec": CLAIM}
        user = pod("user", [container("main", "echo here > /data/word; sleep 600",
                                      volumeMounts=[{"name": "d", "mountPath": "/data"}])],
                   volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "kept"}}],
                   terminationGracePeriodSeconds=1)
        other = pod("other", [container("main", "sleep 600")], terminationGracePeriodSeconds=1)
        self.run_pod("---\n".join([json.dumps(claim) + "\n", user, other.replace(UID, UID[:-1] + "2")]), *self.RESERVED)
        self.wait(lambda: self.phase("user") == self.phase("other") == "Running")
        self.assertEqual(self.reserved(), ["default.kept"])
        self.follows("reserve", "create")
        self.assertEqual(self.km("delete", "pvc/kept", "--wait=2")[0], 1)  # its pod has it
        self.assertEqual((self.volume("default.kept") / "word").read_text(), "here\n")
        self.assertEqual(self.km("delete", "user")[0], 0)
        self.wait(lambda: self.reserved() == [])
        self.follows("destroy", "unreserve")
        self.assertFalse(self.volume("default.kept").exists())
        self.assertEqual(self.phase("other"), "Running")

    CLASSES = ("--storage-class=fast=mount,profile=ssd", "--storage-class=gold=mount,metadata=tier=gold",
               "--storage-class=shared=path")

    def test_storage_classes(self):
        """A MOUNT disk as a whole for each pod of a set, a part of a PATH disk, and nothing for who comes late."""
        before = self.wait(self.free_disks)
        write = container("main", "echo $HOSTNAME begun >> /data/word; sleep 600",
                          volumeMounts=[{"name": "data", "mountPath": "/data"}])
        km = self.run_stateful_set(*self.CLASSES, **{
            self.RETENTION: {"whenScaled": "Delete", "whenDeleted": "Delete"},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {**CLAIM, "storageClassName": "fast"}}]})
        self.assertEqual(self.free_disks(), {k: v for k, v in before.items() if k not in map(str, self.pair.mounts)})
        places = [m / "word" for m in self.pair.mounts]
        self.wait(lambda: [p.exists() and p.read_text() for p in places] == 2 * ["begun\n"])
        self.delete_stateful_set(km)
        self.wait(lambda: self.free_disks() == before)
        self.assertEqual([p.exists() for p in places], [False, False])
        claims = [{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
                   "spec": {**CLAIM, "storageClassName": name}} for name in ("gold", "shared")]
        pods = [pod(name, [write], volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": name}}],
                    terminationGracePeriodSeconds=1).replace(UID, UID[:-1] + str(i)) for i, name in
                enumerate(("gold", "shared"))]
        late = pod("late", [write], terminationGracePeriodSeconds=1, volumes=[{"name": "data", "ephemeral": {
            "volumeClaimTemplate": {"spec": {**claims[0]["spec"], "storageClassName": "gold"}}}}])
        other = pod("other", [container("main", "sleep 600")], terminationGracePeriodSeconds=1)  # keeps km running
        manifest = [*(json.dumps(c) + "\n" for c in claims), *pods, late.replace(UID, UID[:-1] + "8"),
                    other.replace(UID, UID[:-1] + "9")]
        self.run_pod("---\n".join(manifest), *self.RESERVED, *self.CLASSES)
        self.wait(lambda: self.phase("gold") == self.phase("shared") == "Running")
        self.wait(lambda: "did not have enough free storage" in self.said())
        self.assertEqual(self.phase("late"), "Pending")
        left = {str(self.pair.mounts[0]): 128, str(self.pair.path): 500 - 64, "": before[""]}
        self.assertEqual(self.free_disks(), left)
        self.wait((self.pair.mounts[1] / "word").exists)
        role = self.pair.path / "volumes" / "roles" / "k8smesos-test"
        self.wait((role / "default.shared" / "word").exists)
        self.assertEqual(self.km("delete", "pod/gold")[0], 0)
        self.assertEqual(self.km("delete", "pvc/gold")[0], 0)
        self.wait(lambda: self.phase("late") == "Running")
        self.assertEqual(self.km("delete", "late")[0], 0)
        self.wait(lambda: self.free_disks() == {**before, str(self.pair.path): 500 - 64})
        self.assertEqual(self.km("delete", "pod/shared")[0], 0)
        self.assertEqual(self.km("delete", "pvc/shared")[0], 0)
        self.wait(lambda: self.free_disks() == before)

    def test_class_that_is_not_mapped(self):
        claim = {**CLAIM, "storageClassName": "slow"}
        km = self.run_pod(pod("lost", [container("main", "true")], volumes=[{"name": "data", "ephemeral": {
            "volumeClaimTemplate": {"spec": claim}}}]), *self.RESERVED, *self.CLASSES)
        self.assertNotEqual(km.wait(60), 0)
        self.assertIn("storageClassName 'slow' is not among the storage classes of the options: fast, gold, shared",
                      self.said())

    def run_stateful_set(self, *args, **more):
        """Two pods, each of which writes a line into its volume whenever it begins."""
        one = json.loads(pod("-", [container("main", "echo begun >> /data/word; sleep 600",
                                             volumeMounts=[{"name": "data", "mountPath": "/data"}])],
                             terminationGracePeriodSeconds=1))
        name = {"metadata": {"labels": {"app": "db"}}}
        km = self.run_pod(json.dumps({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
                                      "spec": {
            "replicas": 2, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": CLAIM}],
            "template": {**name, "spec": one["spec"]}, **more}}) + "\n", *self.RESERVED, *args)
        self.wait(lambda: self.phase("db-0") == self.phase("db-1") == "Running")
        return km

    def begun(self, n, times):
        """Waits until pod N has begun so often in one volume."""
        path = self.volume(f"default.data-db-{n}") / "word"
        self.wait(lambda: path.exists() and path.read_text() == times * "begun\n")

    def scale(self, replicas):
        self.assertEqual(self.km("scale", "sts/db", f"--replicas={replicas}")[0], 0)
        self.wait(lambda: sorted(self.pods()) == [f"db-{n}" for n in range(replicas)])

    def delete_stateful_set(self, km):
        code, out, err = self.km("delete", "sts/db")
        self.assertEqual((code, km.wait(60)), (0, 0), out + err + self.said())

    def test_claims_of_a_stateful_set_outlive_its_pods(self):
        self.run_stateful_set()
        self.assertEqual(self.reserved(), ["default.data-db-0", "default.data-db-1"])
        first = self.pods()["db-0"]["uid"]
        self.assertEqual(self.km("delete", "pod/db-0")[0], 0)
        self.wait(lambda: self.phase("db-0") == "Running" and self.pods()["db-0"]["uid"] != first)
        self.begun(0, 2)
        self.begun(1, 1)
        self.scale(0)
        self.assertEqual(self.reserved(), ["default.data-db-0", "default.data-db-1"])
        for claim in ("data-db-0", "data-db-1"):
            code, out, err = self.km("delete", f"pvc/{claim}")
            self.assertEqual(code, 0, out + err)
        self.wait(lambda: self.reserved() == [])

    RETENTION = "persistentVolumeClaimRetentionPolicy"

    def test_retained_claims_are_found_again(self):
        policy = {"whenScaled": "Retain", "whenDeleted": "Retain"}
        both = ["default.data-db-0", "default.data-db-1"]
        km = self.run_stateful_set(**{self.RETENTION: policy})
        self.scale(1)
        self.assertEqual(self.reserved(), both)
        self.scale(2)
        self.begun(1, 2)
        self.delete_stateful_set(km)
        self.assertEqual(self.reserved(), both)
        km = self.run_stateful_set(**{self.RETENTION: {**policy, "whenDeleted": "Delete"}})
        self.begun(0, 2)
        self.begun(1, 3)
        self.delete_stateful_set(km)
        self.wait(lambda: self.reserved() == [])
        self.assertFalse(self.volume("default.data-db-0").exists())

    def test_claims_are_deleted_with_the_replicas_that_have_them(self):
        km = self.run_stateful_set(**{self.RETENTION: {"whenScaled": "Delete", "whenDeleted": "Retain"}})
        self.begun(1, 1)
        self.scale(1)
        self.wait(lambda: self.reserved() == ["default.data-db-0"])
        self.assertFalse(self.volume("default.data-db-1").exists())
        self.scale(2)
        self.begun(1, 1)  # in another volume
        self.delete_stateful_set(km)
        self.assertEqual(self.reserved(), ["default.data-db-0", "default.data-db-1"])
        km = self.run_stateful_set(**{self.RETENTION: {"whenScaled": "Delete", "whenDeleted": "Delete"}})
        self.begun(0, 2)
        self.begun(1, 2)
        self.delete_stateful_set(km)
        self.wait(lambda: self.reserved() == [])


if __name__ == "__main__":
    real_mesos_pair.main(Storage, furnish)
