# SPDX-License-Identifier: Apache-2.0
"""Pods on CNI networks of a real Mesos: a private master and agent of the programs that K8SMESOS_MESOS names, the
plugins bridge, host-local and loopback (package containernetworking-plugins), and Mesos' own port mapper.

usage: real_mesos_network.py KM
"""
import json
import pathlib
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import real_mesos_pair
from real_mesos_images import container, pod, put_image
from real_mesos_support import Case

PLUGINS = pathlib.Path("/usr/lib/cni")
BRIDGE = {"type": "bridge", "bridge": "k8sm0", "isGateway": True,
          "ipam": {"type": "host-local", "subnet": "10.77.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}}
GATEWAY = "10.77.0.1"
PORT_MAPPER = "mesos-cni-port-mapper"


def why_not():
    missing = [n for n in ("bridge", "host-local", "loopback") if not (PLUGINS / n).is_file()]
    if missing:
        return f"{PLUGINS} has no " + ", ".join(missing) + " (package containernetworking-plugins)"
    return None


def furnish(pair):
    """The networks "plain" and, where its plugin is there, "mapped"."""
    networks, plugins = pathlib.Path(pair.folder, "networks"), pathlib.Path(pair.folder, "plugins")
    networks.mkdir()
    plugins.mkdir()
    (networks / "plain").write_text(json.dumps({"name": "plain", **BRIDGE}))
    mapper = real_mesos_pair.program(PORT_MAPPER)
    if mapper and shutil.which("iptables"):
        # An agent gives plugins no variables of its own to find libmesos by.
        wrapper = plugins / PORT_MAPPER
        wrapper.write_text(f"#!/bin/sh\nLD_LIBRARY_PATH={mapper.parent} exec {mapper}\n")
        wrapper.chmod(0o755)
        (networks / "mapped").write_text(json.dumps({
            "name": "mapped", "type": PORT_MAPPER, "excludeDevices": [BRIDGE["bridge"]], "chain": "K8SMESOS-TEST",
            "delegate": BRIDGE}))
    put_image(pair.images, "busybox", {"Cmd": ["sh"], "Env": ["PATH=/bin"]})
    pair.start_agent(pair.add_agent(network_cni_config_dir=networks, network_cni_plugins_dir=f"{PLUGINS}:{plugins}",
                                    isolation=("network/cni",)))


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return None


SERVE = "mkdir /tmp/www; echo served > /tmp/www/word; exec httpd -f -p 8080 -h /tmp/www"


class Network(Case):
    def status(self, name):
        return self.pods().get(name, {}).get("status", {})

    def test_containers_share_the_address_of_their_pod(self):
        self.run_pod(pod("joined", [
            container("web", SERVE, readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1}),
            container("neighbour", 'until test "$(wget -q -O - http://127.0.0.1:8080/word)" = served; do sleep 0.2; '
                      'done; test "$(hostname)" = joined && sleep 600'),
        ], {"k8s.mesosphere.io/network": "plain"}, restartPolicy="Never"))
        self.wait(lambda: self.phase("joined") == "Running")
        self.wait(lambda: self.containers("joined")["web"]["ready"])
        status = self.status("joined")
        self.assertTrue(status["podIP"].startswith("10.77.0."), status)
        self.assertEqual(status["podIPs"], [{"ip": status["podIP"]}])
        self.assertEqual(status["hostIP"], self.pair.agents[0].flags["ip"])
        self.assertEqual(fetch(f"http://{status['podIP']}:8080/word"), "served\n")
        self.assertTrue(self.containers("joined")["neighbour"]["state"].get("running"))

    def test_two_pods_serve_the_same_port(self):
        web = container("web", SERVE)
        texts = [pod(n, [web]).replace("9c01", f"9c0{i}") for i, n in enumerate(("one", "two"))]
        self.run_pod("---\n".join(texts), "--network=plain")
        self.wait(lambda: self.phase("one") == self.phase("two") == "Running")
        ips = [self.status(n)["podIP"] for n in ("one", "two")]
        self.assertNotEqual(*ips)
        for ip in ips:
            self.wait(lambda ip=ip: fetch(f"http://{ip}:8080/word") == "served\n")

    def test_host_port_is_mapped(self):
        if not real_mesos_pair.program(PORT_MAPPER) or not shutil.which("iptables"):
            self.skipTest(f"no {PORT_MAPPER}, or no iptables")
        self.run_pod(pod("mapped", [container("web", SERVE, ports=[{"containerPort": 8080, "hostPort": 31080}])]),
                     "--network=mapped")
        self.wait(lambda: self.phase("mapped") == "Running")
        self.wait(lambda: fetch(f"http://{GATEWAY}:31080/word") == "served\n")
        self.assertEqual(self.km("delete", "mapped", "--grace-period=1")[0], 0)
        self.wait(lambda: "K8SMESOS-TEST -p" not in subprocess.run(["iptables", "-t", "nat", "-S"], check=True,
                                                                 capture_output=True).stdout.decode())

    def test_restarted_container_keeps_the_address(self):
        self.run_pod(pod("again", [container("web", SERVE), container("flaky", "sleep 2; exit 3")]), "--network=plain")
        self.wait(lambda: self.phase("again") == "Running")
        ip = self.status("again")["podIP"]
        self.wait(lambda: self.containers("again")["flaky"]["restartCount"] >= 2)
        self.assertEqual(self.status("again")["podIP"], ip)
        self.assertEqual(fetch(f"http://{ip}:8080/word"), "served\n")

    def test_pod_of_an_unknown_network_says_why_it_does_not_run(self):
        self.run_pod(pod("lost", [container("web", "sleep 600")]), "--network=nowhere")
        self.wait(lambda: "nowhere" in json.dumps(self.status("lost")))

    def test_host_network_wins_over_the_option(self):
        self.run_pod(pod("bare", [container("web", "sleep 600")], hostNetwork=True), "--network=plain")
        self.wait(lambda: self.phase("bare") == "Running")
        status = self.status("bare")
        self.assertEqual(status["podIP"], status["hostIP"])


if __name__ == "__main__":
    real_mesos_pair.main(Network, furnish, why_not())
