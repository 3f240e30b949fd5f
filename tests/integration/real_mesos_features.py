# SPDX-License-Identifier: Apache-2.0
"""Agents of a real Mesos that say by an attribute what they can do: a private master and agent of the programs that
K8SMESOS_MESOS names.

usage: real_mesos_features.py KM
"""
import real_mesos_pair
from real_mesos_images import BUSYBOX, container, pod, put_image
from real_mesos_support import Case

FEATURES = "images, cgroups,sandbox-path,secrets,volume-gids"  # and no host-path


def why_not():
    return None if BUSYBOX else "busybox is not installed (package busybox-static)"


def furnish(pair):
    put_image(pair.images, "busybox", {"Cmd": ["sh"], "Env": ["PATH=/bin"]})
    pair.start_agent(pair.add_agent(volume_gid_range="[70000-70100]", attributes=f"agent-features:{FEATURES}"))


class Features(Case):
    MOUNT = [{"name": "v", "mountPath": "/data"}]

    def test_a_pod_stays_off_an_agent_that_lacks_what_it_needs(self):
        km = self.run_pod(pod("reads", [container("main", "ls /data", volumeMounts=self.MOUNT)],
                              volumes=[{"name": "v", "hostPath": {"path": "/"}}], restartPolicy="Never"), "--timeout=5")
        self.assertEqual(km.wait(60), 2, self.said())
        self.assertIn("1 node(s) lacked an agent feature that the pod needs", self.said())

    def test_another_user_writes_to_an_empty_dir(self):
        km = self.run_pod(pod("writes", [container("main", "touch /data/x", volumeMounts=self.MOUNT,
                                                   securityContext={"runAsUser": 65534})],
                              volumes=[{"name": "v", "emptyDir": {}}], restartPolicy="Never"), "--user=65534=nobody")
        self.assertEqual(km.wait(60), 0, self.said())
        self.assertIn("'nobody' can write to it on agents with --volume_gid_range alone", self.said())


if __name__ == "__main__":
    real_mesos_pair.main(Features, furnish, why_not())
