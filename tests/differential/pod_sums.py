# SPDX-License-Identifier: Apache-2.0
"""Pods with requests and limits of every kind, in every kind of container, by chance."""
NAMES = ["cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "hugepages-1Gi", "example.com/gpu"]


def quantity(rng):
    return rng.choice([
        lambda: "0", lambda: f"{rng.randrange(1, 5000)}m", lambda: str(rng.randrange(9)),
        lambda: f"{rng.randrange(4096)}Mi", lambda: f"{rng.randrange(3)}.{rng.randrange(1000)}",
        lambda: f"{rng.randrange(100)}G", lambda: f"{rng.randrange(9)}e{rng.randrange(-3, 12)}",
        lambda: f"{rng.randrange(900)}.{rng.randrange(1000):03}Ki", lambda: f"{rng.randrange(64)}Gi"])()


def amounts(rng):
    return {name: quantity(rng) for name in NAMES if rng.random() < 0.4}


def resources(rng, style):
    """Those of one style are alike, so that whole pods are of one class now and then."""
    if style == "none":
        return {}
    if style == "equal":
        both = {"cpu": quantity(rng), "memory": quantity(rng)}
        return {"requests": both, "limits": dict(both)}
    return {part: amounts(rng) for part in ("requests", "limits") if rng.random() < 0.7}


def pod(rng):
    style = rng.choice(["none", "mixed", "mixed", "equal", "equal"])

    def container(name):
        own = style if rng.random() < 0.9 else rng.choice(["none", "mixed", "equal"])
        return {"name": name, "image": "i", "resources": resources(rng, own)}

    spec = {"containers": [container(f"c{i}") for i in range(rng.randrange(1, 4))]}
    inits = [container(f"i{i}") for i in range(rng.choice([0, 0, 1, 2, 3, 4]))]
    for init in inits:
        if rng.random() < 0.5:
            init["restartPolicy"] = "Always"
    if inits:
        spec["initContainers"] = inits
    if rng.random() < 0.3:
        spec["overhead"] = amounts(rng)
    if rng.random() < 0.3:
        spec["resources"] = resources(rng, rng.choice(["mixed", "equal"]))
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}
