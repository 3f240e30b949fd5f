# SPDX-License-Identifier: Apache-2.0
"""Objects with something wrong, and the same object in other words."""
import copy
import json

import generate

WRONG = [None, True, False, 0, 1, -1, 5.0, 5.5, "", "x", "1", "true", [], {}, [1], {"a": 1}, [None], 1e3, 2**31, -2**31 - 1,
         2**63, -2**63 - 1, 1e400, "Always ", "always", "-1", "1Gi", "1.5", "0", "\u00e9", "a/b", "A_B", "..", "/", "a" * 64,
         "a" * 254, "256.1.1.1", "example.com/x", "2026-01-01T00:00:00Z"]


def places(value, path=()):
    """The paths of everything inside of a value."""
    found = []
    stack = [(value, path)]
    while stack:
        at, where = stack.pop()
        if isinstance(at, dict):
            children = list(at.items())
        elif isinstance(at, list):
            children = list(enumerate(at))
        else:
            continue
        for key, child in children:
            found.append(where + (key,))
            stack.append((child, where + (key,)))
    return found


def parent(value, path):
    for key in path[:-1]:
        value = value[key]
    return value


class Mutator:
    def __init__(self, generator):
        self.generator = generator
        self.rng = generator.rng

    def mutated(self, value, times=1):
        """A copy with one thing changed, or more."""
        value = copy.deepcopy(value)
        for _ in range(times):
            inside = places(value)
            if not inside:
                break
            path = self.rng.choice(inside)
            at = parent(value, path)
            self.rng.choice([self.drop, self.replace, self.replace, self.repeat, self.rename, self.edge, self.edge])(at, path[-1])
        return value

    def drop(self, at, key):
        del at[key]

    def replace(self, at, key):
        at[key] = copy.deepcopy(self.rng.choice(WRONG))

    def repeat(self, at, key):
        if isinstance(at, list):
            at.insert(key, copy.deepcopy(at[key]))
        else:
            at[key] = [copy.deepcopy(at[key])] * 2 if self.rng.random() < 0.3 else at[key]

    def rename(self, at, key):
        if isinstance(at, dict):
            name = self.rng.choice([key + "x", key.capitalize(), key.upper(), "unknown", "", "\u00e9", key + " "])
            at[name] = at.pop(key)

    def edge(self, at, key):
        """Another value of the same type."""
        old = at[key]
        if isinstance(old, bool):
            at[key] = not old
        elif isinstance(old, (int, float)):
            at[key] = self.rng.choice(generate.INTEGERS["I32"] + generate.INTEGERS["I64"])
        elif isinstance(old, str):
            words = [w for w in WRONG if isinstance(w, str)] + generate.STRINGS
            at[key] = self.rng.choice(words)


def json_text(value, rng):
    """The value as JSON, with blanks and escapes at random."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, 1]))
    if rng.random() < 0.01:
        text = text.replace(': "app"', ': ' + rng.choice(['"\\ud800"', '"\\udc00x"', '"\udcff"']))
    return text.replace("Infinity", "1e400")


def json_with_duplicate(value, rng):
    """The JSON of an object that has one member twice."""
    objects = [p for p in places(value) if isinstance(parent(value, p), dict) and p]
    if not objects:
        return json.dumps(value)
    path = rng.choice(objects)
    value = copy.deepcopy(value)
    at = parent(value, path)
    marker = "\x02again"
    at[marker] = copy.deepcopy(at[path[-1]])
    return json.dumps(value).replace(json.dumps(marker), json.dumps(path[-1]))
