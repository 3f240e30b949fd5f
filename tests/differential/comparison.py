# SPDX-License-Identifier: Apache-2.0
"""What the comparisons of whole scenarios have in common: they ask both programs, count what differs, and know what
may. Each has a `known` list of (pattern of a difference, sentence of the document that says so)."""
import argparse
import collections
import re
import time

import programs

BATCH = 100


class Comparison:
    """Of one request's answers. Subclasses have `request`, `known`, `scenario()`, and `compare()`, which calls
    `differ()`."""
    request = None
    known = []

    def __init__(self, args):
        self.args = args
        self.oracle, self.subject = programs.Program(args.oracle), programs.Program(args.subject)
        self.counts, self.met = collections.Counter(), collections.Counter()
        self.new = collections.OrderedDict()

    def scenario(self):
        raise NotImplementedError

    def compare(self, document, theirs, ours):
        raise NotImplementedError

    @staticmethod
    def kind(what):
        """What differences that are alike have in common."""
        return what

    def differ(self, what, document):
        for pattern, sentence in self.known:
            if re.fullmatch(pattern, what):
                self.met[sentence] += 1
                return
        seen = self.new.setdefault(self.kind(what), [0, what, document])
        seen[0] += 1
        if len(document) < len(seen[2]):
            seen[1:] = what, document

    def run(self):
        end = time.monotonic() + self.args.seconds
        while self.counts["scenarios"] < self.args.scenarios or time.monotonic() < end:
            documents = [self.scenario() for _ in range(BATCH)]
            requests = [(self.request, document) for document in documents]
            for document, theirs, ours in zip(documents, self.oracle.answers(requests), self.subject.answers(requests)):
                self.counts["scenarios"] += 1
                self.compare(document, theirs, ours)
        return self.report()

    def report(self):
        print("compared:", ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items())), f"(seed {self.args.seed})")
        for sentence, n in self.met.most_common():
            print(f"known, {n} times: {sentence}")
        for n, what, document in list(self.new.values())[:self.args.show]:
            print(f"{n} times: {what}\n{document.decode()}")
        print(f"{len(self.new)} differences that are not in the list")
        text = " ".join(open(self.args.document, encoding="utf-8").read().split())
        missing = [sentence for _, sentence in self.known if sentence not in text]
        for sentence in missing:
            print(f"not in {self.args.document}: {sentence}")
        return 1 if self.new or missing else 0


def main(comparison, description, count):
    """The exit code of a comparison of `count` scenarios, if nothing else is said."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("oracle", "subject", "document"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--scenarios", type=int, default=count)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    return comparison(parser.parse_args()).run()
