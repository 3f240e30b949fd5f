# SPDX-License-Identifier: Apache-2.0
"""km on a real Mesos: skipped unless K8SMESOS_MASTER names one as host:port. Its agents need neither images
nor cgroups; a volume/sandbox_path isolator is enough.

usage: real_mesos.py KM EXAMPLES_FOLDER
"""
import json
import pathlib
import signal
import sys
import unittest

from real_mesos_support import MASTER, Case, agents, frameworks, page, running_tasks

EXAMPLES = pathlib.Path(sys.argv[2])


class RealMesos(Case):
    def test_image_without_a_provider_is_the_reason_that_km_shows(self):
        if any(page(a, "/flags")["flags"].get("image_providers") for a in agents()):
            self.skipTest("the agents have an image provider")
        self.start("-f", EXAMPLES / "nginx.yaml", "--no-limits")
        self.wait(lambda: "Unsupported container image type: DOCKER" in
                  json.dumps(self.pods().get("nginx", {}).get("status", {})))
        self.assertIn("Kubernetes", [f["name"] for f in frameworks()])

    def test_busybox_runs_and_is_deleted_with_grace(self):
        for protocol in ("protobuf", "json"):
            km = self.start("-f", EXAMPLES / "busybox.yaml", "--host-filesystem", "--no-limits",
                            f"--protocol={protocol}")
            self.wait(lambda: self.phase("busybox") == "Running")
            self.assertEqual(len(running_tasks()), 2)  # the container and what keeps its executor
            self.assertEqual(self.km("delete", "busybox", "--grace-period=2")[0], 0)
            self.assertEqual(km.wait(30), 0)
            self.wait(lambda: "Kubernetes" not in [f["name"] for f in frameworks()])

    def test_a_container_restarts_on_its_executor(self):
        self.run_pod(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: pair}\nspec:\n  containers:\n"
            "  - {name: steady, image: none, command: [sleep, '600']}\n"
            "  - {name: flaky, image: none, command: [sh, -c, 'sleep 2; exit 3']}\n",
            "--host-filesystem", "--no-limits")
        self.wait(lambda: self.phase("pair") == "Running")
        steady = self.started("pair", "steady")
        self.wait(lambda: self.containers("pair")["flaky"]["restartCount"] >= 1)
        self.assertEqual(self.containers("pair")["flaky"]["lastState"]["terminated"]["exitCode"], 3)
        self.assertEqual(self.started("pair", "steady"), steady)

    def test_killed_km_adopts_what_runs(self):
        km = self.start("-f", EXAMPLES / "busybox.yaml", "--host-filesystem", "--no-limits")
        self.wait(lambda: self.phase("busybox") == "Running")
        before = self.pods()["busybox"]
        km.send_signal(signal.SIGKILL)
        km.wait()
        self.start("-f", EXAMPLES / "busybox.yaml", "--host-filesystem", "--no-limits")
        self.wait(lambda: self.phase("busybox") == "Running")
        after = self.pods()["busybox"]
        self.assertEqual((before["uid"], before["agentID"]), (after["uid"], after["agentID"]))
        self.assertEqual(after["restarts"], 0)
        self.assertEqual(len(running_tasks()), 2)


if __name__ == "__main__":
    Case.km_path = sys.argv[1]
    if not MASTER:
        print("skipped: K8SMESOS_MASTER does not name a master")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]])
